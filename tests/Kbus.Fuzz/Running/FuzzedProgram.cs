using System.Diagnostics;
using System.Globalization;
using SharpFuzz;

namespace Kbus.Fuzz;

/// <summary>What the program does besides running tests: it is driven by the fuzzer, lists the targets, and packs and unpacks corpora.</summary>
internal static class FuzzedProgram
{
    /// <summary>Runs it.</summary>
    /// <returns>The exit code: 0 if all went well, 1 if an input that was played is a finding, 2 for arguments that make no sense.</returns>
    public static int Run(string[] args)
    {
        AssertionListener.Listen();
        switch (args)
        {
            case ["list"]:
                foreach (Target listed in Targets.All)
                {
                    Console.WriteLine($"{listed.Name,-12} {listed.About}");
                }

                return 0;
            case ["types", string assembly]:
                foreach (string type in FollowedTypes.Of(assembly))
                {
                    Console.WriteLine(type);
                }

                return 0;
            case ["pack", string folder]:
                foreach (string line in Corpus.Pack(folder))
                {
                    Console.WriteLine(line);
                }

                return 0;
            case [string deed, string name, .. string[] rest] when Targets.Find(name) is { } target:
                return Run(deed, target, rest);
            default:
                Console.Error.WriteLine("usage: Kbus.Fuzz list | types ASSEMBLY | pack FOLDER | (fuzz | unpack | play) TARGET [PATH] | hunt TARGET EXECUTIONS SEED");
                return 2;
        }
    }

    private static int Run(string deed, Target target, string[] rest)
    {
        switch (deed)
        {
            case "fuzz":
                Fuzzer.OutOfProcess.Run(stream => target.Play(ReadAll(stream, target.LongestInput)));
                return 0;
            case "unpack":
                Console.WriteLine(Corpus.Unpack(target, rest[0]));
                return 0;
            case "play":
                return Play(target, rest);
            case "hunt":
                return Hunt(target, int.Parse(rest[0], CultureInfo.InvariantCulture), int.Parse(rest[1], CultureInfo.InvariantCulture));
            default:
                return 2;
        }
    }

    private static int Play(Target target, string[] files)
    {
        int findings = 0;
        foreach (string file in files)
        {
            try
            {
                long begun = Stopwatch.GetTimestamp();
                target.Play(File.ReadAllBytes(file));
                Console.WriteLine($"{file}: played in {Stopwatch.GetElapsedTime(begun).TotalMilliseconds:0.0} ms");
            }
            catch (Exception e)
            {
                findings++;
                Console.WriteLine($"{file}: {e}");
            }
        }

        return findings > 0 ? 1 : 0;
    }

    private static int Hunt(Target target, int executions, int seed)
    {
        Exception? finding = new Hunt(target, seed).Play(executions, out int after);
        Console.WriteLine(finding is null ? $"nothing in {after}" : $"found after {after}: {finding}");
        return finding is null ? 0 : 1;
    }

    private static byte[] ReadAll(Stream stream, int most)
    {
        byte[] bytes = new byte[most];
        int length = stream.ReadAtLeast(bytes, most, throwOnEndOfStream: false);
        return bytes[..length];
    }
}
