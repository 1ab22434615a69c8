namespace Kbus.Cli;

/// <summary>The distance between two words, to suggest the right one after a misspelling.</summary>
internal static class Spelling
{
    /// <summary>The number of characters to be added, left out, replaced or swapped with their neighbour to make one word the
    /// other.</summary>
    public static int Distance(string one, string other)
    {
        int[,] steps = new int[one.Length + 1, other.Length + 1];
        for (int i = 0; i <= one.Length; i++)
        {
            for (int j = 0; j <= other.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    steps[i, j] = i + j;
                    continue;
                }

                int replaced = steps[i - 1, j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1);
                int best = Math.Min(replaced, Math.Min(steps[i - 1, j], steps[i, j - 1]) + 1);
                bool isSwapped = i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1];
                steps[i, j] = isSwapped ? Math.Min(best, steps[i - 2, j - 2] + 1) : best;
            }
        }

        return steps[one.Length, other.Length];
    }
}
