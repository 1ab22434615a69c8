namespace Kbus.Device;

/// <summary>The links <c>/dev/kbusN</c> that lead to the device files. Only links of ours are ever replaced or removed.</summary>
internal sealed class DeviceLinks(string linkDirectory, string target)
{
    /// <summary>Removes the links that a killed daemon left.</summary>
    public void RemoveAll()
    {
        try
        {
            foreach (string path in Directory.EnumerateFileSystemEntries(linkDirectory, "kbus*"))
            {
                if (IsOurs(path))
                {
                    File.Delete(path);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What may not be removed stays; it leads nowhere.
        }
    }

    /// <summary>Makes the link of one bus.</summary>
    /// <returns>Null, or why there is none.</returns>
    public string? TryAdd(uint number)
    {
        string path = Path.Join(linkDirectory, $"kbus{number}");
        try
        {
            if (IsOurs(path))
            {
                File.Delete(path);
            }

            File.CreateSymbolicLink(path, Path.Join(target, $"kbus{number}"));
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return $"{path} could not be made: this user may not write there";
        }
        catch (IOException)
        {
            return $"{path} could not be made: something else has that name, or there can be no links there";
        }
    }

    private bool IsOurs(string path) =>
        new FileInfo(path).LinkTarget is { } leadsTo && leadsTo.StartsWith(Path.Join(target, "kbus"), StringComparison.Ordinal);
}
