// Commands that renode.py gives to Renode's monitor: run to an address, and count straight runs of instructions.
// Renode compiles this file when it is included.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using Antmicro.Renode.Core;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Time;
using Antmicro.Renode.Utilities;

namespace Tinyprune
{
    public static class Session
    {
        // Runs until the core gets to `address`; false where it does not within `milliseconds`, or gives up.
        public static bool GoTo(this TranslationCPU cpu, ulong address, int milliseconds)
        {
            var emulation = EmulationManager.Instance.CurrentEmulation;
            var limit = Stopwatch.StartNew();
            var reached = false;
            cpu.AddHook(address, (_, __) => reached = cpu.IsHalted = true);
            while(!cpu.IsHalted && limit.ElapsedMilliseconds < milliseconds)
            {
                emulation.RunFor(TimeInterval.FromMilliseconds(STEP_MS));
            }
            cpu.RemoveHooksAt(address);
            cpu.IsHalted = false;
            return reached;
        }

        // As GoTo, and writes `layer start bytes count` of each straight run into `folder`/runs.
        // Each line of `folder`/switches is an address, and the number of the layer that runs from a jump there.
        public static bool CountTo(this TranslationCPU cpu, [AutoParameter] IMachine machine, ulong address,
                                   int milliseconds, string folder)
        {
            var runs = new StraightRuns(machine, Path.Combine(folder, "switches"));
            cpu.SetHookAtBlockEnd(runs.Add);
            var reached = cpu.GoTo(address, milliseconds);
            cpu.SetHookAtBlockEnd(null);
            runs.Save(Path.Combine(folder, "runs"));
            return reached;
        }

        public static void SaveBytes(this TranslationCPU cpu, [AutoParameter] IMachine machine, ulong address, int bytes,
                                     string target)
        {
            File.WriteAllBytes(target, machine.SystemBus.ReadBytes(address, bytes));
        }

        private const int STEP_MS = 1;
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
                    writer.WriteLine("{0} {1} {2} {3}", run.Key >> 48, run.Key & 0xFFFFFFFF, (run.Key >> 32 & 0xFFFF) * 2,
                                     run.Value);
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
