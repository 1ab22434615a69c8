using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Kbus.Daemon.Tests;

/// <summary>A <c>kbusd</c> with a policy, and members of several users.</summary>
internal sealed class PolicyDaemon : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kbus-").FullName;
    private readonly Process _process;

    public PolicyDaemon(string[] rules, params string[] options)
    {
        Write(rules);
        File.SetUnixFileMode(_directory, (UnixFileMode)0x1ED);
        _process = Kbusd.Start(Kbusd.Path, ["--runtime-dir", Runtime, "--policy", PolicyPath, .. options]);
        Assert.Contains(" in ", Said(), StringComparison.Ordinal);
        File.SetUnixFileMode(Runtime, (UnixFileMode)0x1ED);
    }

    /// <summary>The policy's file.</summary>
    public string PolicyPath => Path.Join(_directory, "policy.json");

    public string Runtime => Path.Join(_directory, "run");

    public int Id => _process.Id;

    /// <summary>What was read of its log.</summary>
    public List<string> Lines { get; } = [];

    /// <summary>The next line of its log.</summary>
    public string Said()
    {
        Lines.Add(_process.StandardError.ReadLine() ?? throw new InvalidOperationException("kbusd has ended."));
        return Lines[^1];
    }

    /// <summary>Reads its log until a line has a text.</summary>
    public string SaidUntil(string text)
    {
        string line;
        do
        {
            line = Said();
        }
        while (!line.Contains(text, StringComparison.Ordinal));

        return line;
    }

    /// <summary>Writes rules into the file, each on a line of its own, the first on line 2.</summary>
    public void Write(params string[] rules) => File.WriteAllText(PolicyPath, $"{{ \"rules\": [\n{string.Join(",\n", rules)}\n] }}\n");

    /// <summary>Has it read other rules, and waits until they are in force. What it says of that.</summary>
    public string Reload(params string[] rules)
    {
        Write(rules);
        HangUp();
        return SaidUntil("kbusd: policy ");
    }

    public void HangUp() => Assert.Equal(0, Kbusd.Run("/bin/kill", "-HUP", Id.ToString(CultureInfo.InvariantCulture)).Code);

    /// <summary>Opens a Ksock as this process's own user.</summary>
    public Ksock Open(uint bus = 0, KsockMode mode = KsockMode.ReadWrite) =>
        Ksock.Open(bus, mode, new KsockOptions { RuntimeDirectory = Runtime, StartDaemon = false, OpenTimeout = TimeSpan.FromMinutes(3) });

    /// <summary>Opens a Ksock as another user.</summary>
    public Ksock OpenAs(uint user, uint bus = 0, KsockMode mode = KsockMode.ReadWrite, params uint[] groups) =>
        OtherUser.Run(user, () => Open(bus, mode), groups);

    /// <summary>Asks for the status as another user.</summary>
    public JsonElement StatusAs(uint user, params uint[] groups) => OtherUser.Run(user, () => ProcessTests.Status(Runtime), groups);

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Assert.Equal(0, Kbusd.Run("/bin/kill", "-TERM", Id.ToString(CultureInfo.InvariantCulture)).Code);
            _process.WaitForExit();
        }

        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
