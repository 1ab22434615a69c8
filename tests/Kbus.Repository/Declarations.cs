using System.Text.RegularExpressions;

namespace Kbus.Repository;

/// <summary>One declaration of a type that stands at the left edge of a file, so not within another type.</summary>
/// <param name="File">The file.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Name">The name, without type parameters.</param>
/// <param name="IsPublic">Whether it is seen outside its project.</param>
/// <param name="IsDocumented">Whether a documentation comment stands above it.</param>
internal sealed record Declaration(string File, int Line, string Name, bool IsPublic, bool IsDocumented);

/// <summary>Finds declarations by the way our sources are laid out; it is no parser of C#.</summary>
internal static partial class Declarations
{
    /// <summary>All types declared below a folder.</summary>
    public static IEnumerable<Declaration> Below(string folder) => Checkout.CSharp(folder).SelectMany(InFile);

    private static IEnumerable<Declaration> InFile(string file)
    {
        string[] lines = Checkout.Lines(file);
        for (int i = 0; i < lines.Length; i++)
        {
            Match match = TypeDeclaration().Match(lines[i]);
            if (match.Success)
            {
                int above = i - 1;
                while (above >= 0 && (lines[above].StartsWith('[') || lines[above].StartsWith(' ') || lines[above].StartsWith('#')))
                {
                    above--;
                }

                bool documented = above >= 0 && lines[above].StartsWith("///", StringComparison.Ordinal);
                yield return new Declaration(file, i + 1, match.Groups["name"].Value, match.Groups["public"].Success, documented);
            }
        }
    }

    [GeneratedRegex(@"^((?<public>public )|internal |file )?((static|sealed|abstract|readonly|ref|partial|unsafe) )*((record )?(class|struct)|record|enum|interface|delegate \S+) (?<name>\w+)")]
    private static partial Regex TypeDeclaration();
}
