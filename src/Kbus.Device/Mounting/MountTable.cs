using System.Text;

namespace Kbus.Device;

/// <summary>What is mounted where, as <c>/proc/self/mountinfo</c> tells it.</summary>
internal static class MountTable
{
    /// <summary>The type of our file systems.</summary>
    public const string OurType = "fuse.kbus";

    /// <summary>The types of the file systems mounted exactly there, the uppermost last.</summary>
    public static IReadOnlyList<string> TypesAt(string directory)
    {
        List<string> types = [];
        foreach (string line in File.ReadLines("/proc/self/mountinfo"))
        {
            // number parent device root MOUNTPOINT options ... - TYPE source options
            string[] fields = line.Split(' ');
            int dash = Array.IndexOf(fields, "-");
            if (dash > 0 && dash + 1 < fields.Length && Unescape(fields[4]) == directory)
            {
                types.Add(fields[dash + 1]);
            }
        }

        return types;
    }

    /// <summary>Spaces and the like are written as a backslash and three octal digits.</summary>
    private static string Unescape(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal))
        {
            return field;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(field);
        int length = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            bool escaped = bytes[i] == '\\' && i + 3 < bytes.Length;
            bytes[length++] = escaped ? (byte)(((bytes[i + 1] - '0') * 64) + ((bytes[i + 2] - '0') * 8) + bytes[i + 3] - '0') : bytes[i];
            i += escaped ? 3 : 0;
        }

        return Encoding.UTF8.GetString(bytes, 0, length);
    }
}
