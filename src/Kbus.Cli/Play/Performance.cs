namespace Kbus.Cli;

/// <summary>Plays the script, line by line, and compares each result with the paper's.</summary>
internal static class Performance
{
    /// <summary>Plays it to the end, or to the first line that is not as the paper has it.</summary>
    /// <param name="scenes">The script.</param>
    /// <param name="perform">Has an actor do something and gives what came of it.</param>
    /// <param name="transcript">Prints it.</param>
    /// <param name="errors">Receives the difference.</param>
    /// <param name="wait">Waits before each line but the first.</param>
    /// <returns>The exit code.</returns>
    public static int Play(IReadOnlyList<Scene> scenes, Func<Role, Deed, string> perform, Transcript transcript, LineOutput errors, Action wait)
    {
        int number = 0;
        foreach (Scene scene in scenes)
        {
            bool hasTitle = false;
            foreach (Line line in scene.Lines)
            {
                // The first line is played at once: until a Ksock is open the daemon may take itself for idle.
                if (number > 0)
                {
                    wait();
                }

                if (!hasTitle)
                {
                    transcript.Begin(scene, isFirst: number == 0);
                    hasTitle = true;
                }

                number++;
                string result = perform(line.Role, line.Deed);
                transcript.Tell(line, result);
                if (result != line.Expected)
                {
                    errors.WriteLine($"kbus: line {number} was not as the paper has it: {line.Role.Name} {line.Told}");
                    errors.WriteLine($"  expected: {Shown(line.Expected)}");
                    errors.WriteLine($"  got:      {Shown(result)}");
                    return ExitCode.Failed;
                }
            }
        }

        int actors = scenes.SelectMany(s => s.Lines).Select(l => l.Role).Distinct().Count();
        transcript.End(number, actors);
        return ExitCode.Done;
    }

    private static string Shown(string result) => result.Length == 0 ? "(nothing)" : result.Replace("\n", "\n            ", StringComparison.Ordinal);
}
