using System.Runtime.InteropServices;

namespace Kbus.Device;

/// <summary>The device files of a daemon's buses: <c>kbusN</c>, <c>bindings</c> and <c>stats</c> in a directory, served through FUSE.</summary>
/// <remarks>
/// One thread reads the kernel's requests and answers each before it reads the next. It carries an operation out itself, inside the
/// bus; the answers to requests stand in DeviceFiles.Requests.cs.
/// </remarks>
internal sealed unsafe partial class DeviceFiles : IDisposable
{
    private static readonly TimeSpan PatienceAtEnd = TimeSpan.FromSeconds(5);

    private readonly DeviceBuses _buses;
    private readonly DeviceDirectory _directory;
    private readonly DeviceLinks? _links;
    private readonly MountPoint _place;
    private readonly KsockCalls _calls;
    private readonly FetchedMemory _fetched;
    private readonly FuseSession _session;
    private readonly Lock _serving = new();
    private readonly Thread _thread;
    private byte* _readBuffer;
    private nuint _readBufferSize;
    private bool _isEnding;

    private DeviceFiles(DeviceOptions options, DeviceBuses buses, bool forOthers)
    {
        _buses = buses;
        _directory = new DeviceDirectory(buses, options);
        _links = options.Links ? new DeviceLinks(options.LinkDirectory, options.Directory) : null;
        var reader = new CallerReader(buses);
        _fetched = new FetchedMemory(reader);
        _calls = new KsockCalls(buses, reader, _fetched);
        _place = MountPoint.Prepare(options.Directory);
        _links?.RemoveAll();
        try
        {
            _session = FuseSession.Mount(options.Directory, forOthers, FuseRequests.Table, this);
        }
        catch
        {
            _place.Remove();
            throw;
        }

        _thread = new Thread(Serve) { Name = "device files", IsBackground = true };
    }

    /// <summary>Mounts the device files and begins to serve them.</summary>
    /// <param name="options">Where, and whose.</param>
    /// <param name="buses">What they lead to.</param>
    /// <param name="complaints">Takes what did not work out, though the files are there.</param>
    /// <exception cref="DeviceException">It cannot be done; the message says why, and nothing is left behind.</exception>
    public static DeviceFiles Mount(DeviceOptions options, DeviceBuses buses, ICollection<string> complaints)
    {
        bool isMeantForOthers = (options.Mode & 0x3F) != 0 || options.Owner != LinuxCalls.UserId();
        bool forOthers = isMeantForOthers && OtherUsers.MayBeLetIn;
        if (isMeantForOthers && !forOthers)
        {
            complaints.Add("only this user can open the device files, since /etc/fuse.conf has no line user_allow_other");
        }

        var files = new DeviceFiles(options, buses, forOthers);
        files._thread.Start();
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
        lock (_serving)
        {
            if (_isEnding)
            {
                return;
            }

            _isEnding = true;
        }

        _links?.RemoveAll();
        _session.Wake();
        if (_thread.Join(PatienceAtEnd))
        {
            _place.Remove();
        }
    }

    private void Serve()
    {
        _session.Serve(_serving, () => !_isEnding);
        NativeMemory.Free(_readBuffer);
    }
}
