namespace Kbus.TestKit;

/// <summary>A fresh folder with a short path, because paths of sockets are short.</summary>
public sealed class RuntimeFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kl");

    public string File(string name) => Path.Combine(_folder.FullName, name);

    public void Dispose() => _folder.Delete(recursive: true);
}
