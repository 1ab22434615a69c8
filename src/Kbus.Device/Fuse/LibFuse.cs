using System.Runtime.InteropServices;

namespace Kbus.Device;

/// <summary>The calls of libfuse's low-level interface that are used. The library is loaded by the first of them, not before.</summary>
/// <remarks>Its names for things are kept: a request is <c>fuse_req_t</c>, a session <c>fuse_session</c>. An error is <c>-errno</c>.</remarks>
internal static unsafe partial class LibFuse
{
    /// <summary>The library's file name; Debian has it in the package libfuse3-3.</summary>
    public const string Library = "libfuse3.so.3";

    /// <summary>The oldest version that has the structures as they are described here: 3.10.</summary>
    public const int OldestVersion = 310;

    /// <summary>The library's version, as 314 for 3.14.</summary>
    [LibraryImport(Library, EntryPoint = "fuse_version")]
    public static partial int Version();

    /// <summary>Makes a session, which mounts nothing yet; 0 if the arguments make no sense.</summary>
    [LibraryImport(Library, EntryPoint = "fuse_session_new")]
    public static partial nint NewSession(FuseArguments* arguments, FuseOperations* operations, nuint size, nint userData);

    /// <summary>Mounts; from then on the kernel sends requests.</summary>
    [LibraryImport(Library, EntryPoint = "fuse_session_mount", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Mount(nint session, string directory);

    /// <summary>Closes the connection to the kernel and unmounts, also if files are open.</summary>
    [LibraryImport(Library, EntryPoint = "fuse_session_unmount")]
    public static partial void Unmount(nint session);

    /// <summary>Forgets the session.</summary>
    [LibraryImport(Library, EntryPoint = "fuse_session_destroy")]
    public static partial void Destroy(nint session);

    /// <summary>Waits for the next request. Gives its length, 0 when unmounted, or <c>-errno</c>.</summary>
    [LibraryImport(Library, EntryPoint = "fuse_session_receive_buf")]
    public static partial int Receive(nint session, FuseBuffer* buffer);

    /// <summary>Calls the operation that a request asks for.</summary>
    [LibraryImport(Library, EntryPoint = "fuse_session_process_buf")]
    public static partial void Process(nint session, FuseBuffer* buffer);

    /// <summary>Who makes the request.</summary>
    [LibraryImport(Library, EntryPoint = "fuse_req_ctx")]
    [SuppressGCTransition]
    public static partial FuseCaller* Caller(nint request);

    /// <summary>Answers with an error; 0 is success without a result.</summary>
    [LibraryImport(Library, EntryPoint = "fuse_reply_err")]
    public static partial int ReplyError(nint request, int error);

    /// <summary>Answers a look-up.</summary>
    [LibraryImport(Library, EntryPoint = "fuse_reply_entry")]
    public static partial int ReplyEntry(nint request, FuseEntry* entry);

    /// <summary>Answers with attributes, which the kernel may keep for so many seconds.</summary>
    [LibraryImport(Library, EntryPoint = "fuse_reply_attr")]
    public static partial int ReplyAttributes(nint request, FileStatus* status, double seconds);

    /// <summary>Answers an open. <c>-ENOENT</c>: the caller does not wait for it any more, and there will be no release.</summary>
    [LibraryImport(Library, EntryPoint = "fuse_reply_open")]
    public static partial int ReplyOpen(nint request, FuseFile* file);

    /// <summary>Answers a write with the number of bytes taken.</summary>
    [LibraryImport(Library, EntryPoint = "fuse_reply_write")]
    public static partial int ReplyWrite(nint request, nuint count);

    /// <summary>Answers a read.</summary>
    [LibraryImport(Library, EntryPoint = "fuse_reply_buf")]
    public static partial int ReplyBytes(nint request, byte* bytes, nuint count);

    /// <summary>Answers an ioctl; the bytes go to the caller's argument, also with a negative result.</summary>
    [LibraryImport(Library, EntryPoint = "fuse_reply_ioctl")]
    public static partial int ReplyIoctl(nint request, int result, void* bytes, nuint count);

    /// <summary>Answers a poll.</summary>
    [LibraryImport(Library, EntryPoint = "fuse_reply_poll")]
    public static partial int ReplyPoll(nint request, uint events);

    /// <summary>Adds a name to the answer to a readdir; gives the bytes it needs, more than there is room for if it did not fit.</summary>
    [LibraryImport(Library, EntryPoint = "fuse_add_direntry")]
    public static partial nuint AddEntry(nint request, byte* buffer, nuint size, byte* name, FileStatus* status, long next);

    /// <summary>Wakes those who poll a file. One write to the kernel, which never waits.</summary>
    [LibraryImport(Library, EntryPoint = "fuse_lowlevel_notify_poll")]
    public static partial int NotifyPoll(nint handle);

    /// <summary>Gives a poll handle back.</summary>
    [LibraryImport(Library, EntryPoint = "fuse_pollhandle_destroy")]
    public static partial void DestroyPollHandle(nint handle);
}
