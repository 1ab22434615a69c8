using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kbus.Device;

/// <summary>What libfuse calls: each request is handed on to the <see cref="RequestServer"/> of the thread that called it.</summary>
internal static unsafe class FuseRequests
{
    /// <summary>The table of calls.</summary>
    public static FuseOperations Table => new()
    {
        Init = &Init,
        Lookup = &Lookup,
        GetAttributes = &GetAttributes,
        SetAttributes = &SetAttributes,
        Open = &Open,
        Read = &Read,
        Write = &Write,
        Release = &Release,
        ReadDirectory = &ReadDirectory,
        Ioctl = &Ioctl,
        Poll = &Poll,
    };

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Init(nint userData, FuseConnection* connection)
    {
        // The kernel sends releases in the background, at most so many unanswered ones at a time. The others would wait behind calls that
        // were made after the close had returned, and those must see its effect.
        connection->MaxBackground = ushort.MaxValue;
        connection->CongestionThreshold = ushort.MaxValue;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Lookup(nint request, ulong parent, byte* name) =>
        RequestServer.OfThread.Lookup(request, MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void GetAttributes(nint request, ulong inode, FuseFile* file) => RequestServer.OfThread.GetAttributes(request, inode);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void SetAttributes(nint request, ulong inode, FileStatus* status, int which, FuseFile* file) =>
        RequestServer.OfThread.SetAttributes(request, inode, which);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Open(nint request, ulong inode, FuseFile* file) => RequestServer.OfThread.Open(request, inode, ref *file);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Read(nint request, ulong inode, nuint size, long offset, FuseFile* file) =>
        RequestServer.OfThread.Read(request, file->Handle, size, offset);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Write(nint request, ulong inode, byte* bytes, nuint size, long offset, FuseFile* file) =>
        RequestServer.Write(request, file->Handle, new ReadOnlySpan<byte>(bytes, (int)size));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Release(nint request, ulong inode, FuseFile* file) => RequestServer.Release(request, file->Handle);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void ReadDirectory(nint request, ulong inode, nuint size, long offset, FuseFile* file) =>
        RequestServer.OfThread.ReadDirectory(request, size, offset);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Ioctl(
        nint request, ulong inode, uint code, ulong argument, FuseFile* file, uint flags, byte* input, nuint inputSize, nuint outputSize) =>
        RequestServer.OfThread.Ioctl(code, file->Handle, new IoctlRequest(request, argument, input, inputSize));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Poll(nint request, ulong inode, FuseFile* file, nint handle) => RequestServer.Poll(request, file->Handle, handle);
}
