using System.Runtime.InteropServices;
using Kbus.Linux;

namespace Kbus.Device;

/// <summary>The device files of a daemon's buses: <c>kbusN</c>, <c>bindings</c> and <c>stats</c> in a directory, served through FUSE.</summary>
/// <remarks>
/// One thread reads the kernel's requests and answers each before it reads the next (<see cref="RequestServer"/>). It carries an operation
/// out itself, inside the bus. Only when the memory of a caller does not come, another thread goes on (<see cref="ServingTurn"/>).
/// </remarks>
internal sealed unsafe class DeviceFiles : IDisposable
{
    private const int MostStuckForUser = 4;
    private static readonly TimeSpan PatienceAtEnd = TimeSpan.FromSeconds(5);

    private readonly DeviceBuses _buses;
    private readonly TimeProvider _time;
    private readonly DeviceDirectory _directory;
    private readonly DeviceLinks? _links;
    private readonly MountPoint? _place;
    private readonly FuseSession _session;
    private readonly ManualResetEventSlim _isUnmounted = new();
    private readonly Dictionary<uint, int> _stuckByUser = [];

    private DeviceFiles(DeviceOptions options, DeviceBuses buses, bool forOthers)
    {
        _buses = buses;
        _time = options.Time;
        _directory = new DeviceDirectory(buses, options);
        _links = options.Links ? new DeviceLinks(options.LinkDirectory, options.Directory) : null;
        _place = MountPoint.Prepare(options.Directory);
        _links?.RemoveAll();
        try
        {
            _session = FuseSession.Mount(options.Directory, forOthers, FuseRequests.Table);
        }
        catch
        {
            _place.Remove();
            throw;
        }
    }

    /// <summary>Device files whose requests come from elsewhere than a kernel, and are served one by one by who makes them: a fuzzer.</summary>
    internal DeviceFiles(DeviceOptions options, DeviceBuses buses, FuseSession session)
    {
        _buses = buses;
        _time = options.Time;
        _directory = new DeviceDirectory(buses, options);
        _session = session;
    }

    /// <summary>Held by the thread whose turn it is to serve.</summary>
    public Lock Serving { get; } = new();

    /// <summary>True once no call may reach a bus any more. Under <see cref="Serving"/>.</summary>
    public bool IsEnding { get; private set; }

    /// <summary>Mounts the device files and begins to serve them.</summary>
    /// <param name="options">Where, and whose.</param>
    /// <param name="buses">What they lead to.</param>
    /// <param name="complaints">Takes what did not work out, though the files are there.</param>
    /// <exception cref="DeviceException">It cannot be done; the message says why, and nothing is left behind.</exception>
    public static DeviceFiles Mount(DeviceOptions options, DeviceBuses buses, ICollection<string> complaints)
    {
        bool isMeantForOthers = (options.Mode & 0x3F) != 0 || options.Owner != LibC.UserId();
        bool forOthers = isMeantForOthers && OtherUsers.MayBeLetIn;
        if (isMeantForOthers && !forOthers)
        {
            complaints.Add("only this user can open the device files, since /etc/fuse.conf has no line user_allow_other");
        }

        var files = new DeviceFiles(options, buses, forOthers);
        if (!files.TryStartThread())
        {
            files._session.Unmount();
            files._session.Destroy();
            files._place!.Remove();
            throw new DeviceException("The device files cannot be served: there can be no further thread.");
        }

        string? complaint = null;
        for (uint number = 0; number < buses.Count && complaint is null; number++)
        {
            complaint = files.TryLink(number);
        }

        if (complaint is not null)
        {
            complaints.Add(complaint);
        }

        return files;
    }

    /// <summary>A bus has been made: its file is there by itself; this adds the link. Any thread may call.</summary>
    /// <returns>Null, or why there is no link.</returns>
    public string? TryLink(uint number) => _links?.TryAdd(number);

    /// <summary>Ends the files: when this returns, no call reaches a bus any more, and nothing is mounted.</summary>
    public void Dispose()
    {
        lock (Serving)
        {
            if (IsEnding)
            {
                return;
            }

            IsEnding = true;
        }

        _links?.RemoveAll();
        _session.Wake();
        if (!_isUnmounted.Wait(PatienceAtEnd))
        {
            // The only thread there is waits for memory that does not come. The kernel closes the connection when the process ends.
            _place?.Unmount();
        }

        _place?.Remove();
    }

    /// <summary>Whether a thread may begin to wait for memory of this user. Under <see cref="Serving"/>.</summary>
    public bool MayWaitFor(uint user) => _stuckByUser.GetValueOrDefault(user) < MostStuckForUser;

    /// <summary>Lets another thread serve in the place of one to which the memory of this user does not come. Under <see cref="Serving"/>.</summary>
    /// <returns>False if the files end, or there can be no further thread: then the others wait until the memory comes.</returns>
    public bool TryReplace(uint user)
    {
        if (IsEnding)
        {
            return false;
        }

        Stuck(user);
        bool isReplaced = false;
        try
        {
            isReplaced = TryStartThread();
        }
        finally
        {
            if (!isReplaced)
            {
                Unstuck(user);
            }
        }

        return isReplaced;
    }

    /// <summary>A thread in whose place another serves waits for memory of this user. Under <see cref="Serving"/>.</summary>
    public void Stuck(uint user) => _stuckByUser[user] = _stuckByUser.GetValueOrDefault(user) + 1;

    /// <summary>The memory of this user has come after all, or never will. Under <see cref="Serving"/>.</summary>
    public void Unstuck(uint user)
    {
        if (--_stuckByUser[user] == 0)
        {
            _stuckByUser.Remove(user);
        }
    }

    /// <summary>Logs that a step of serving was given up.</summary>
    internal void GaveUp(Exception fault) => _buses.RequestFailed(fault);

    private bool TryStartThread()
    {
        // What the thread needs is made here, where a fault has a caller.
        var turn = new ServingTurn(this, _time);
        var server = new RequestServer(_buses, _directory, turn);
        if (_buses.TryStartThread("device files", () => Serve(turn, server)))
        {
            return true;
        }

        server.Dispose();
        turn.Dispose();
        return false;
    }

    /// <summary>The outermost frame of the thread. Each request has its own (<see cref="FuseRequests"/>).</summary>
    private void Serve(ServingTurn turn, RequestServer server)
    {
        RequestServer.OfThread = server;
        FuseBuffer buffer = default;
        bool goesOn = true;
        while (goesOn)
        {
            try
            {
                goesOn = ServeNext(turn, &buffer);
            }
            catch (Exception e)
            {
                GaveUp(e);
            }
        }

        NativeMemory.Free(buffer.Memory);
        try
        {
            End(turn);
        }
        catch (Exception e)
        {
            GaveUp(e);
            _isUnmounted.Set();
        }

        server.Dispose();
        turn.Dispose();
    }

    /// <summary>Serves the next request. False if this thread serves no more.</summary>
    private bool ServeNext(ServingTurn turn, FuseBuffer* buffer)
    {
        bool received = _session.Receive(buffer);
        lock (Serving)
        {
            if (received && !IsEnding)
            {
                _session.Process(buffer);
            }

            return received && !IsEnding && !turn.IsReplaced;
        }
    }

    /// <summary>A thread serves no more: another does so in its place, or the file system has come to its end.</summary>
    private void End(ServingTurn turn)
    {
        lock (Serving)
        {
            if (turn.IsReplaced)
            {
                return;
            }

            // A thread that is still stuck will answer its request to a closed connection; so the session stays for it. One that has come
            // back has answered under the same lock.
            IsEnding = true;
            _session.Unmount();
            if (_stuckByUser.Count == 0)
            {
                _session.Destroy();
            }
        }

        _isUnmounted.Set();
    }
}
