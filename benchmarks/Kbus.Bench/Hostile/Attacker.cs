using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Kbus.Bench.Hostile;

/// <summary>The process of an attacker: how long it goes on, what it has done, and what it was refused.</summary>
/// <param name="directory">Where kbusd's sockets are.</param>
/// <param name="seconds">How long it goes on.</param>
/// <param name="size">How much it makes at most, where that is an amount.</param>
internal sealed partial class Attacker(string directory, double seconds, long size)
{
    private const uint Nobody = 65534;
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _done;
    private string _refusal = "nothing";

    /// <summary>Where kbusd's sockets are.</summary>
    public string Directory => directory;

    /// <summary>How much it makes at most.</summary>
    public long Size => size;

    /// <summary>How often it has done what it does.</summary>
    public long Done => Interlocked.Read(ref _done);

    /// <summary>Whether there is time left.</summary>
    public bool GoesOn => Stopwatch.GetElapsedTime(_start).TotalSeconds < seconds;

    /// <summary>Whether there is time left for preparations, which may take half of it.</summary>
    public bool Prepares => Stopwatch.GetElapsedTime(_start).TotalSeconds < seconds / 2;

    /// <summary>Plays an attacker: <c>NAME DIRECTORY SECONDS SIZE USER</c>. It says what it did, and waits to be killed.</summary>
    public static int Play(string[] arguments)
    {
        Attack attack = AllAttacks.List.Single(a => a.Name == arguments[0]);
        if (arguments[4] == "other")
        {
            BecomeNobody();
        }

        var attacker = new Attacker(arguments[1], double.Parse(arguments[2], provider: null), long.Parse(arguments[3], provider: null));
        Console.WriteLine("ready");
        try
        {
            attack.Do(attacker);
        }
        catch (KbusException e)
        {
            attacker.Refused(e);
        }

        Console.WriteLine($"done {attacker.Done} refused {attacker._refusal}");
        Console.In.ReadToEnd();
        return 0;
    }

    /// <summary>Opens a Ksock.</summary>
    public Ksock Open() => Ksock.Open(0, options: new KsockOptions { RuntimeDirectory = directory, StartDaemon = false });

    /// <summary>Opens a Ksock whose queue has no limit but that in bytes.</summary>
    public Ksock OpenWide()
    {
        Ksock ksock = Open();
        ksock.SetMaxMessages(uint.MaxValue);
        return ksock;
    }

    /// <summary>Opens as many Ksocks as are allowed, up to a number, in half of the time.</summary>
    public List<Ksock> OpenMany(long most)
    {
        List<Ksock> ksocks = [];
        while (ksocks.Count < most && Prepares && Try(() => ksocks.Add(Open())))
        {
        }

        return ksocks;
    }

    /// <summary>Does something that may be refused. False if it was.</summary>
    public bool Try(Action act)
    {
        try
        {
            act();
            Interlocked.Increment(ref _done);
            return true;
        }
        catch (KbusException e)
        {
            Refused(e);
            return false;
        }
    }

    /// <summary>Takes note of the outcome of a send.</summary>
    public bool Count(Errno error)
    {
        if (error == Errno.None)
        {
            Interlocked.Increment(ref _done);
            return true;
        }

        _refusal = error.ToString();
        return false;
    }

    /// <summary>Takes note that something was done.</summary>
    public void Count() => Interlocked.Increment(ref _done);

    /// <summary>Takes note that something could not be done at the level of the system.</summary>
    public void Refused(int result) => _refusal = ((Errno)(-result)).ToString();

    /// <summary>Goes on doing something until the time is up, however often it is refused.</summary>
    public void Repeat(Action act)
    {
        while (GoesOn)
        {
            Try(act);
        }
    }

    /// <summary>Does something in several threads at the same time.</summary>
    public static void InThreads(int count, Action<int> act)
    {
        Thread[] threads = [.. Enumerable.Range(0, count).Select(i => new Thread(() => act(i)))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
    }

    private void Refused(KbusException e) => _refusal = e.Errno.ToString();

    private static void BecomeNobody()
    {
        // What the runtime still wants to read it may not be able to read as somebody else.
        using (var warm = new EmbeddedKbus())
        using (Ksock ksock = warm.Open())
        {
            ksock.Bind("$.Warm");
            ksock.Send(new Announcement("$.Warm"));
            ksock.ReadNextMessage();
        }

        if (SetGroup(Nobody) != 0 || SetUser(Nobody) != 0)
        {
            throw new HostileException("The attacker cannot become nobody.");
        }
    }

    [LibraryImport("libc", EntryPoint = "setgid")]
    private static partial int SetGroup(uint group);

    [LibraryImport("libc", EntryPoint = "setuid")]
    private static partial int SetUser(uint user);
}
