using System.Runtime.InteropServices;
using System.Text;

namespace Kbus.Device;

/// <summary>A FUSE file system that is mounted, and its connection to the kernel.</summary>
/// <remarks>One thread serves it, so that requests are answered in the order in which they arrive.</remarks>
internal sealed unsafe class FuseSession
{
    private readonly nint _session;
    private readonly string _directory;
    private GCHandle _target;

    private FuseSession(nint session, string directory, GCHandle target)
    {
        _session = session;
        _directory = directory;
        _target = target;
    }

    /// <summary>Mounts a file system.</summary>
    /// <param name="directory">Where.</param>
    /// <param name="forOthers">True if other users may use it too.</param>
    /// <param name="operations">What answers requests.</param>
    /// <param name="target">What they find as their user data.</param>
    /// <exception cref="DeviceException">It cannot be mounted.</exception>
    public static FuseSession Mount(string directory, bool forOthers, in FuseOperations operations, object target)
    {
        const string needed = "the device files need libfuse 3 (Debian, Ubuntu: the packages libfuse3-3 and fuse3)";
        var handle = GCHandle.Alloc(target);
        nint session;
        try
        {
            if (LibFuse.Version() < LibFuse.OldestVersion)
            {
                throw new DeviceException($"The libfuse here is too old: {needed}.");
            }

            session = New(forOthers, operations, handle);
        }
        catch (DllNotFoundException)
        {
            handle.Free();
            throw new DeviceException($"There is no {LibFuse.Library}: {needed}.");
        }

        if (session != 0 && LibFuse.Mount(session, directory) == 0)
        {
            return new FuseSession(session, directory, handle);
        }

        if (session != 0)
        {
            LibFuse.Destroy(session);
        }

        handle.Free();
        throw new DeviceException(
            File.Exists("/dev/fuse")
                ? $"The device files cannot be mounted on {directory}: root may, other users with the program fusermount3 (package fuse3)."
                : "There is no /dev/fuse: the kernel here has no FUSE, or does not show it.");
    }

    /// <summary>Answers requests until <paramref name="mayGoOn"/> says no, or the file system is unmounted by somebody. Then unmounts it.</summary>
    /// <param name="gate">Held while a request is served.</param>
    /// <param name="mayGoOn">Asked before each request is served, under the lock.</param>
    public void Serve(Lock gate, Func<bool> mayGoOn)
    {
        FuseBuffer buffer = default;
        bool goesOn = true;
        while (goesOn)
        {
            int received = LibFuse.Receive(_session, &buffer);
            if (received == -(int)Errno.EINTR)
            {
                continue;
            }

            lock (gate)
            {
                goesOn = received > 0 && mayGoOn();
                if (goesOn)
                {
                    LibFuse.Process(_session, &buffer);
                }
            }
        }

        NativeMemory.Free(buffer.Memory);
        LibFuse.Unmount(_session);
        LibFuse.Destroy(_session);
        _target.Free();
    }

    /// <summary>Makes a request of our own, so that <see cref="Serve"/> wakes. It has been told not to go on, and does not answer it.</summary>
    public void Wake() => _ = File.Exists(Path.Join(_directory, ".stop"));

    private static nint New(bool forOthers, in FuseOperations operations, GCHandle target)
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
            nint session = LibFuse.NewSession(&arguments, table, (nuint)sizeof(FuseOperations), GCHandle.ToIntPtr(target));
            for (int i = 0; i < words.Length; i++)
            {
                NativeMemory.Free(values[i]);
            }

            return session;
        }
    }
}
