// Commands that renode.py gives to Renode's monitor: run to an address, and count straight runs of instructions.
// Renode compiles this file when it is included.
using System;
using System.Collections.Generic;
using System.IO;
using Antmicro.Renode.Core;
using Antmicro.Renode.Peripherals.Bus;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Time;
using Antmicro.Renode.Utilities;

namespace Tinyprune
{
    public static class Session
    {
        // An access to these `bytes` from `origin`, where nothing is, stops the core: Renode would but log it.
        public static void Guard(this CortexM cpu, [AutoParameter] IMachine machine, ulong origin, ulong bytes)
        {
            var nothing = new Nothing((access, offset) =>
            {
                Stop(cpu, string.Format("{0} 0x{1:x8} at 0x{2:x8}", access, origin + (ulong)offset, cpu.PC.RawValue));
            });
            machine.SystemBus.Register(nothing, new BusRangeRegistration(origin, bytes));
        }

        // Runs until the core gets to `address` (answers "there") or to `exit` ("exit"), an access is to where nothing
        // is (what, to which address, and in the block at which), the core gives up ("nowhere"), or `milliseconds` of
        // its own time are over ("late").
        public static string GoTo(this CortexM cpu, ulong address, ulong exit, int milliseconds)
        {
            var emulation = EmulationManager.Instance.CurrentEmulation;
            end = null;
            cpu.AddHook(exit, (_, __) => Stop(cpu, "exit"));
            cpu.AddHook(address, (_, __) => Stop(cpu, "there"));
            for(var left = milliseconds; left > 0 && !cpu.IsHalted; left -= STEP_MS)
            {
                emulation.RunFor(TimeInterval.FromMilliseconds(STEP_MS));
            }
            end = end ?? (cpu.IsHalted ? "nowhere" : "late");
            cpu.RemoveHooksAt(address);
            cpu.RemoveHooksAt(exit);
            cpu.IsHalted = false;
            return end;
        }

        // Calls `function` on the stack that begins at `stack`; as GoTo, until it returns to `back`.
        public static string CallBack(this CortexM cpu, uint function, uint stack, uint back, ulong exit,
                                      int milliseconds)
        {
            cpu.SP = stack;
            cpu.LR = back | 1;
            cpu.PC = function | 1;
            return cpu.GoTo(back, exit, milliseconds);
        }

        // As GoTo, and writes `layer start bytes count` of each straight run into `folder`/runs.
        // Each line of `folder`/switches is an address, and the number of the layer that runs from a jump there.
        public static string CountTo(this CortexM cpu, [AutoParameter] IMachine machine, ulong address,
                                     ulong exit, int milliseconds, string folder)
        {
            var runs = new StraightRuns(machine, Path.Combine(folder, "switches"));
            cpu.SetHookAtBlockEnd(runs.Add);
            cpu.GoTo(address, exit, milliseconds);
            cpu.SetHookAtBlockEnd(null);
            runs.Save(Path.Combine(folder, "runs"));
            return end;
        }

        public static void SaveBytes(this CortexM cpu, [AutoParameter] IMachine machine, ulong address, int bytes,
                                     string target)
        {
            File.WriteAllBytes(target, machine.SystemBus.ReadBytes(address, bytes));
        }

        private static void Stop(CortexM cpu, string why)
        {
            end = why;
            cpu.IsHalted = true;
        }

        private const int STEP_MS = 10;
        private static string end;
    }

    // A range of addresses without a memory or a register.
    public class Nothing : IBytePeripheral, IWordPeripheral, IDoubleWordPeripheral
    {
        public Nothing(Action<string, long> accessed)
        {
            this.accessed = accessed;
        }

        public byte ReadByte(long offset)
        {
            accessed("read of", offset);
            return 0;
        }

        public ushort ReadWord(long offset)
        {
            return ReadByte(offset);
        }

        public uint ReadDoubleWord(long offset)
        {
            return ReadByte(offset);
        }

        public void WriteByte(long offset, byte value)
        {
            accessed("write to", offset);
        }

        public void WriteWord(long offset, ushort value)
        {
            WriteByte(offset, 0);
        }

        public void WriteDoubleWord(long offset, uint value)
        {
            WriteByte(offset, 0);
        }

        public void Reset()
        {
        }

        private readonly Action<string, long> accessed;
    }

    public class StraightRuns
    {
        public StraightRuns(IMachine machine, string switches)
        {
            this.machine = machine;
            foreach(var line in File.ReadAllLines(switches))
            {
                var words = line.Split(' ');
                layers[ulong.Parse(words[0])] = ulong.Parse(words[1]);
            }
        }

        // A block of `instructions` from `start` was executed.
        public void Add(ulong start, uint instructions)
        {
            if(start != end)
            {
                Close();
                begin = start;
                ulong switched;
                if(layers.TryGetValue(start, out switched))
                {
                    layer = switched;
                }
            }
            end = start + Size(start, instructions);
        }

        public void Save(string target)
        {
            Close();
            using(var writer = new StreamWriter(target))
            {
                foreach(var run in runs)
                {
                    var key = run.Key;
                    writer.WriteLine("{0} {1} {2} {3}", key >> 48, (uint)key, (key >> 32 & 0xFFFF) * 2, run.Value);
                }
            }
        }

        private void Close()
        {
            if(end > begin)
            {
                var key = layer << 48 | (end - begin) / 2 << 32 | begin;
                long count;
                runs.TryGetValue(key, out count);
                runs[key] = count + 1;
            }
        }

        private ulong Size(ulong start, uint instructions)
        {
            var key = start << 16 | instructions;
            ulong size;
            if(!sizes.TryGetValue(key, out size))
            {
                for(var left = instructions; left > 0; left--)
                {
                    // DDI0403 A5.1: a halfword that starts so begins a 32-bit instruction
                    size += machine.SystemBus.ReadWord(start + size) >= 0xE800 ? 4UL : 2UL;
                }
                sizes[key] = size;
            }
            return size;
        }

        private readonly IMachine machine;
        private readonly Dictionary<ulong, ulong> layers = new Dictionary<ulong, ulong>();
        private readonly Dictionary<ulong, ulong> sizes = new Dictionary<ulong, ulong>();
        private readonly Dictionary<ulong, long> runs = new Dictionary<ulong, long>();
        private ulong begin, end, layer;
    }
}
