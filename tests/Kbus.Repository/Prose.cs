using System.Text.RegularExpressions;

namespace Kbus.Repository;

/// <summary>The sentences of a document, without headings, tables, code blocks and comments. It is no parser of Markdown.</summary>
internal static partial class Prose
{
    /// <summary>The sentences of a text in Markdown. An item of a list begins a new sentence, and so does a paragraph.</summary>
    public static IEnumerable<string> Sentences(string markdown) => Paragraphs(markdown).SelectMany(p => SentenceEnd().Split(Plain(p))).Where(s => Length(s) > 0);

    /// <summary>The words of a sentence. A piece of code counts as one word.</summary>
    public static int Length(string sentence) => sentence.Split(' ').Count(w => w.Any(char.IsLetterOrDigit));

    private static IEnumerable<string> Paragraphs(string markdown)
    {
        var paragraph = new List<string>();
        bool isCode = false;
        foreach (string line in markdown.Split('\n').Select(l => l.Trim()).Append(""))
        {
            bool isFence = line.StartsWith("```", StringComparison.Ordinal);
            isCode ^= isFence;
            Match item = ListItem().Match(line);
            if (isFence || isCode || line.Length == 0 || item.Success || "#|<".Contains(line[0], StringComparison.Ordinal))
            {
                if (paragraph.Count > 0)
                {
                    yield return string.Join(' ', paragraph);
                    paragraph.Clear();
                }

                if (!isCode && item.Success)
                {
                    paragraph.Add(item.Groups["text"].Value);
                }
            }
            else
            {
                paragraph.Add(line);
            }
        }
    }

    private static string Plain(string paragraph) => Link().Replace(Code().Replace(paragraph, "Code"), "${text}");

    [GeneratedRegex(@"^([-*+]|\d+\.) +(?<text>.+)")]
    private static partial Regex ListItem();

    [GeneratedRegex("``[^`]+``|`[^`]+`")]
    private static partial Regex Code();

    [GeneratedRegex(@"!?\[(?<text>[^\]]*)\]\([^)]*\)")]
    private static partial Regex Link();

    /// <summary>The space behind the end of a sentence, in front of what can begin another.</summary>
    [GeneratedRegex("""(?<=[.!?]["')*_]*)\s+(?=["'(*_]*[A-Z0-9])""")]
    private static partial Regex SentenceEnd();
}
