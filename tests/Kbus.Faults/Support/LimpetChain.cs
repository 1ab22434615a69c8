using System.Globalization;

namespace Kbus.Faults;

/// <summary>Daemons in a row, each joined to the next by two Limpets in processes of their own; a replier at the far end.</summary>
internal sealed class LimpetChain : IDisposable
{
    public const string Name = "$.Far.Replier";
    private readonly List<DaemonProcess> _daemons = [];
    private readonly List<string> _sockets = [];
    private Actor? _replier;
    private int _seed;

    public LimpetChain(int daemons)
    {
        for (int i = 0; i < daemons; i++)
        {
            _daemons.Add(DaemonProcess.Start());
        }

        for (int i = 0; i + 1 < daemons; i++)
        {
            _sockets.Add(Path.Join(Path.GetTempPath(), $"kbus-limpet-{Guid.NewGuid():N}"));
            Limpets.Add(Start(2 * i));
            Limpets.Add(Start((2 * i) + 1));
        }
    }

    /// <summary>The directory of the first daemon.</summary>
    public string First => _daemons[0].Directory;

    /// <summary>The directory of the last daemon.</summary>
    public string Last => _daemons[^1].Directory;

    /// <summary>The Limpets: a server on each daemon but the last, and after it the client on the next.</summary>
    public List<Actor> Limpets { get; } = [];

    public void StartReplier(int seed)
    {
        _seed = seed;
        _replier = Actor.Start("replier", _daemons[^1].Directory, Name, seed.ToString(CultureInfo.InvariantCulture)).Ready();
    }

    public void KillLimpet(int which)
    {
        Limpets[which].Kill();
        Limpets[which].Dispose();
    }

    public void StartLimpet(int which) => Limpets[which] = Start(which);

    /// <summary>Kills a daemon, and starts another with its Limpets, and with the replier if that was there.</summary>
    public void RestartDaemon(int which)
    {
        _daemons[which].Kill();
        int[] limpets = [.. Enumerable.Range(0, Limpets.Count).Where(l => DaemonOf(l) == which)];
        foreach (int limpet in limpets)
        {
            KillLimpet(limpet);
        }

        bool hasReplier = which == _daemons.Count - 1;
        if (hasReplier)
        {
            _replier!.Dispose();
        }

        _daemons[which].Dispose();
        _daemons[which] = DaemonProcess.Start();
        foreach (int limpet in limpets)
        {
            StartLimpet(limpet);
        }

        if (hasReplier)
        {
            StartReplier(_seed);
        }
    }

    public void Dispose()
    {
        _replier?.Dispose();
        Limpets.ForEach(l => l.Dispose());
        _daemons.ForEach(d => d.Dispose());
        _sockets.ForEach(File.Delete);
    }

    private static int DaemonOf(int limpet) => (limpet + 1) / 2;

    private Actor Start(int limpet)
    {
        string role = limpet % 2 == 0 ? "server" : "client";
        return Actor.Start(
            "limpet", _daemons[DaemonOf(limpet)].Directory, role, _sockets[limpet / 2], (limpet + 1).ToString(CultureInfo.InvariantCulture)).Ready();
    }
}
