using System.Runtime.InteropServices;

namespace Kbus.Linux;

/// <content>Files by the descriptor of their directory, without following links, and what changes in directories.</content>
/// <remarks>A directory's descriptor stays with that very directory, also if its path leads to another one meanwhile.</remarks>
internal static unsafe partial class LibC
{
    /// <summary>Open for writing only.</summary>
    public const int OpenWriteOnly = 1;

    /// <summary>Write at the end of the file.</summary>
    public const int OpenAppend = 0x400;

    /// <summary>A terminal does not become this process's own.</summary>
    public const int OpenNoTerminal = 0x100;

    /// <summary>Stand for the file without opening what is in it.</summary>
    public const int OpenPathOnly = 0x200000;

    /// <summary>inotify: a file was deleted from the directory.</summary>
    public const uint WatchDelete = 0x200;

    /// <summary>inotify: a file was moved out of the directory, or into it.</summary>
    public const uint WatchMoved = 0xC0;

    /// <summary>inotify: a file was made in the directory.</summary>
    public const uint WatchCreate = 0x100;

    /// <summary>inotify: permissions or owner have changed.</summary>
    public const uint WatchAttributes = 0x4;

    /// <summary>inotify: the watched file itself was deleted or moved.</summary>
    public const uint WatchItself = 0xC00;

    /// <summary>inotify: watch a link, not what it leads to.</summary>
    public const uint WatchNoFollow = 0x2000000;

    /// <summary>inotify: also this, beside what is watched of the same file already.</summary>
    public const uint WatchAdd = 0x20000000;

    /// <summary>Stands for the directory that the process works in, where a call takes one.</summary>
    public const int CurrentDirectory = -100;

    private const int UnmountDetach = 2;
    private const int NotifyNonBlockingCloseOnExec = 0x80800;
    private const int AtNoFollow = 0x100;
    private const int AtEmptyPath = 0x1000;
    private const uint StatusBasic = 0x7FF;

    /// <summary>Only a directory.</summary>
    public static readonly int OpenDirectory = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;

    /// <summary>Fail with ELOOP if the last part of the path is a link.</summary>
    public static readonly int OpenNoFollow = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    private static readonly long ExtendedStatusNumber = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 291 : 332;

    /// <summary>A path to the very file that a descriptor of this process stands for.</summary>
    public static string PathOf(int descriptor) => $"/proc/self/fd/{descriptor}";

    /// <summary>Opens a file of a directory, never through a link.</summary>
    public static int OpenAt(int directory, string name, int flags, int mode)
    {
        int result;
        do
        {
            result = Result(NativeOpenAt(directory, name, flags | OpenNoFollow | OpenCloseOnExec, mode));
        }
        while (result == Interrupted);
        return result;
    }

    /// <summary>What kind of file a directory has by that name, and which; a link is not followed.</summary>
    public static int StatusAt(int directory, string name, out FileStatus status)
    {
        uint* words = stackalloc uint[64];
        int result;
        fixed (byte* path = System.Text.Encoding.UTF8.GetBytes(name + '\0'))
        {
            int flags = AtNoFollow | (name.Length == 0 ? AtEmptyPath : 0);
            result = (int)Result(NativeSystemCall(ExtendedStatusNumber, directory, (nint)path, flags, (nint)StatusBasic, (nint)words, 0));
        }

        status = result < 0 ? default : new FileStatus(((ulong)words[34] << 32) | words[35], *(ulong*)(words + 8), (ushort)words[7], words[5], words[4]);
        return result;
    }

    /// <summary>What kind of file a descriptor stands for, and which.</summary>
    public static int StatusOf(int descriptor, out FileStatus status) => StatusAt(descriptor, string.Empty, out status);

    /// <summary>Removes a name from a directory.</summary>
    public static int UnlinkAt(int directory, string name) => Result(NativeUnlinkAt(directory, name, 0));

    /// <summary>Gives a file of a directory another name there; a file that has that name goes.</summary>
    public static int RenameAt(int directory, string from, string to) => Result(NativeRenameAt(directory, from, directory, to));

    /// <summary>Gives the file that a descriptor stands for to a user and a group; also one that was opened for its path only.</summary>
    public static int ChangeOwner(int descriptor, uint user, uint group) => Result(NativeChangeOwnerAt(descriptor, string.Empty, user, group, AtEmptyPath));

    /// <summary>Makes another descriptor's number stand for the same open file. Other programs inherit that number.</summary>
    public static int DuplicateOnto(int descriptor, int number) => Result(NativeDuplicateOnto(descriptor, number));

    /// <summary>A descriptor that becomes readable when something that is watched changes.</summary>
    public static int CreateWatch() => Result(NativeNotifyInit(NotifyNonBlockingCloseOnExec));

    /// <summary>Watches a file or directory.</summary>
    public static int AddWatch(int watch, string path, uint changes) => Result(NativeNotifyAdd(watch, path, changes));

    /// <summary>Takes a mount point out of the file system now, and lets go of it when nobody uses it any more.</summary>
    public static int Unmount(string directory) => Result(NativeUnmount(directory, UnmountDetach));

    [LibraryImport(Library, EntryPoint = "umount2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeUnmount(string directory, int flags);

    [LibraryImport(Library, EntryPoint = "openat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeOpenAt(int directory, string name, int flags, int mode);

    [LibraryImport(Library, EntryPoint = "unlinkat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeUnlinkAt(int directory, string name, int flags);

    [LibraryImport(Library, EntryPoint = "renameat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeRenameAt(int fromDirectory, string from, int toDirectory, string to);

    [LibraryImport(Library, EntryPoint = "fchownat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeChangeOwnerAt(int directory, string name, uint user, uint group, int flags);

    [LibraryImport(Library, EntryPoint = "dup2")]
    private static partial int NativeDuplicateOnto(int descriptor, int number);

    [LibraryImport(Library, EntryPoint = "inotify_init1")]
    private static partial int NativeNotifyInit(int flags);

    [LibraryImport(Library, EntryPoint = "inotify_add_watch", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeNotifyAdd(int watch, string path, uint changes);
}
