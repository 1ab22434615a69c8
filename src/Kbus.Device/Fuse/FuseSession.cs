using System.Runtime.InteropServices;
using System.Text;
using Kbus.Linux;

namespace Kbus.Device;

/// <summary>A FUSE file system that is mounted, and its connection to the kernel.</summary>
/// <remarks>One thread at a time serves it, so that requests are answered in the order in which they arrive.</remarks>
internal sealed unsafe class FuseSession
{
    private readonly nint _session;
    private readonly string _directory;

    private FuseSession(nint session, string directory)
    {
        _session = session;
        _directory = directory;
    }

    /// <summary>Mounts a file system.</summary>
    /// <param name="directory">Where.</param>
    /// <param name="forOthers">True if other users may use it too.</param>
    /// <param name="operations">What answers requests.</param>
    /// <exception cref="DeviceException">It cannot be mounted.</exception>
    public static FuseSession Mount(string directory, bool forOthers, in FuseOperations operations)
    {
        const string needed = "the device files need libfuse 3 (Debian, Ubuntu: the packages libfuse3-3 and fuse3)";
        nint session;
        try
        {
            if (LibFuse.Version() < LibFuse.OldestVersion)
            {
                throw new DeviceException($"The libfuse here is too old: {needed}.");
            }

            session = New(forOthers, operations);
        }
        catch (DllNotFoundException)
        {
            throw new DeviceException($"There is no {LibFuse.Library}: {needed}.");
        }

        // Without the right to mount, it runs fusermount3.
        int result = -1;
        if (session != 0)
        {
            LibC.WithUsualOpenFiles(() => result = LibFuse.Mount(session, directory));
        }

        if (result == 0)
        {
            return new FuseSession(session, directory);
        }

        if (session != 0)
        {
            LibFuse.Destroy(session);
        }

        throw new DeviceException(
            File.Exists("/dev/fuse")
                ? $"The device files cannot be mounted on {directory}: root may, other users if they may open /dev/fuse and there is fusermount3 (package fuse3)."
                : "There is no /dev/fuse: the kernel here has no FUSE, or does not show it.");
    }

    /// <summary>Waits for the next request.</summary>
    /// <returns>False if there will be none: the file system has been unmounted.</returns>
    public bool Receive(FuseBuffer* buffer)
    {
        int received;
        do
        {
            received = LibFuse.Receive(_session, buffer);
        }
        while (received == -(int)Errno.EINTR);
        return received > 0;
    }

    /// <summary>Has a request answered by the <see cref="RequestServer"/> of this thread.</summary>
    public void Process(FuseBuffer* buffer) => LibFuse.Process(_session, buffer);

    /// <summary>Closes the connection, so that nothing of all this can be called any more, and unmounts.</summary>
    public void Unmount() => LibC.WithUsualOpenFiles(() => LibFuse.Unmount(_session));

    /// <summary>Forgets the session; no thread answers requests of it any more.</summary>
    public void Destroy() => LibFuse.Destroy(_session);

    /// <summary>Makes a request of our own, so that <see cref="Receive"/> returns. Nobody answers it: it ends with the connection.</summary>
    public void Wake() => _ = File.Exists(Path.Join(_directory, ".stop"));

    private static nint New(bool forOthers, in FuseOperations operations)
    {
        string[] words = ["kbusd", "-o", "default_permissions,fsname=kbusd,subtype=kbus" + (forOthers ? ",allow_other" : string.Empty)];
        byte** values = stackalloc byte*[words.Length];
        for (int i = 0; i < words.Length; i++)
        {
            byte[] word = Encoding.UTF8.GetBytes(words[i] + '\0');
            values[i] = (byte*)NativeMemory.Alloc((nuint)word.Length);
            word.CopyTo(new Span<byte>(values[i], word.Length));
        }

        var arguments = new FuseArguments { Count = words.Length, Values = values };
        fixed (FuseOperations* table = &operations)
        {
            // The library takes copies of the words and of the table.
            nint session = LibFuse.NewSession(&arguments, table, (nuint)sizeof(FuseOperations), 0);
            for (int i = 0; i < words.Length; i++)
            {
                NativeMemory.Free(values[i]);
            }

            return session;
        }
    }
}
