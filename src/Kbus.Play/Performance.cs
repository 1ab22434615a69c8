namespace Kbus.Play;

/// <summary>Plays the script, line by line, and compares each result with the paper's.</summary>
internal static class Performance
{
    /// <summary>Plays it to the end, or to the first line that is not as the paper has it.</summary>
    /// <param name="scenes">The script.</param>
    /// <param name="perform">Has an actor do something and gives what came of it.</param>
    /// <param name="transcript">Prints it.</param>
    /// <param name="complain">Prints a line about the difference.</param>
    /// <param name="wait">Waits before each line but the first.</param>
    /// <returns>True if all was as the paper has it.</returns>
    public static bool Play(IReadOnlyList<Scene> scenes, Func<Role, Deed, string> perform, Transcript transcript, Action<string> complain, Action wait)
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
                    complain($"kbus: line {number} was not as the paper has it: {line.Role.Name} {line.Told}");
                    complain($"  expected: {Shown(line.Expected)}");
                    complain($"  got:      {Shown(result)}");
                    return false;
                }
            }
        }

        int actors = scenes.SelectMany(s => s.Lines).Select(l => l.Role).Distinct().Count();
        transcript.End(number, actors);
        return true;
    }

    private static string Shown(string result) => result.Length == 0 ? "(nothing)" : result.Replace("\n", "\n            ", StringComparison.Ordinal);
}
