namespace Kbus.Fuzz;

/// <summary>The inputs that are kept of a target: a file of lines, each an input in base64. A line that begins with '#' says something of those after it.</summary>
internal static class Corpus
{
    /// <summary>Where the corpora are, beside the program.</summary>
    public static string Folder => Path.Combine(AppContext.BaseDirectory, "corpus");

    /// <summary>The inputs of a target in their order.</summary>
    public static IReadOnlyList<byte[]> Of(Target target) => Read(Path.Combine(Folder, target.Name + ".txt"));

    /// <summary>Writes each input of a target, and those to begin with, as a file of its own, as the fuzzer wants them.</summary>
    /// <returns>How many.</returns>
    public static int Unpack(Target target, string folder)
    {
        Directory.CreateDirectory(folder);
        byte[][] inputs = [.. Of(target), .. target.Seeds];
        for (int i = 0; i < inputs.Length; i++)
        {
            File.WriteAllBytes(Path.Combine(folder, $"{i:d5}"), inputs[i]);
        }

        return inputs.Length;
    }

    /// <summary>Makes lines of the files of a folder, in the order of their length.</summary>
    public static IEnumerable<string> Pack(string folder) =>
        Directory.EnumerateFiles(folder).Where(f => !Path.GetFileName(f).StartsWith('.')).Select(File.ReadAllBytes)
            .OrderBy(b => b.Length).ThenBy(Convert.ToHexString, StringComparer.Ordinal).Select(b => Convert.ToBase64String(b));

    private static IReadOnlyList<byte[]> Read(string path) =>
        File.Exists(path)
            ? [.. File.ReadLines(path).Where(l => !l.StartsWith('#')).Select(Convert.FromBase64String)]
            : [];
}
