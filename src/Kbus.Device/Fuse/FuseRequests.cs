using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kbus.Device;

/// <summary>What libfuse calls: each request is handed on to the <see cref="RequestServer"/> of the thread that called it.</summary>
/// <remarks>No exception goes beyond: it would end the process. The request fails with EIO.</remarks>
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
    private static void Lookup(nint request, ulong parent, byte* name)
    {
        try
        {
            RequestServer.OfThread.Lookup(request, MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name));
        }
        catch (Exception e)
        {
            RequestServer.OfThread.Fail(request, e);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void GetAttributes(nint request, ulong inode, FuseFile* file)
    {
        try
        {
            RequestServer.OfThread.GetAttributes(request, inode);
        }
        catch (Exception e)
        {
            RequestServer.OfThread.Fail(request, e);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void SetAttributes(nint request, ulong inode, FileStatus* status, int which, FuseFile* file)
    {
        try
        {
            RequestServer.OfThread.SetAttributes(request, inode, which);
        }
        catch (Exception e)
        {
            RequestServer.OfThread.Fail(request, e);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Open(nint request, ulong inode, FuseFile* file)
    {
        try
        {
            RequestServer.OfThread.Open(request, inode, ref *file);
        }
        catch (Exception e)
        {
            RequestServer.OfThread.Fail(request, e);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Read(nint request, ulong inode, nuint size, long offset, FuseFile* file)
    {
        try
        {
            RequestServer.OfThread.Read(request, file->Handle, size, offset);
        }
        catch (Exception e)
        {
            RequestServer.OfThread.Fail(request, e);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Write(nint request, ulong inode, byte* bytes, nuint size, long offset, FuseFile* file)
    {
        try
        {
            RequestServer.Write(request, file->Handle, new ReadOnlySpan<byte>(bytes, (int)size));
        }
        catch (Exception e)
        {
            RequestServer.OfThread.Fail(request, e);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Release(nint request, ulong inode, FuseFile* file)
    {
        try
        {
            RequestServer.Release(request, file->Handle);
        }
        catch (Exception e)
        {
            RequestServer.OfThread.Fail(request, e);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void ReadDirectory(nint request, ulong inode, nuint size, long offset, FuseFile* file)
    {
        try
        {
            RequestServer.OfThread.ReadDirectory(request, size, offset);
        }
        catch (Exception e)
        {
            RequestServer.OfThread.Fail(request, e);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Ioctl(
        nint request, ulong inode, uint code, ulong argument, FuseFile* file, uint flags, byte* input, nuint inputSize, nuint outputSize)
    {
        try
        {
            RequestServer.OfThread.Ioctl(code, file->Handle, new IoctlRequest(request, argument, input, inputSize));
        }
        catch (Exception e)
        {
            RequestServer.OfThread.Fail(request, e);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Poll(nint request, ulong inode, FuseFile* file, nint handle)
    {
        try
        {
            RequestServer.Poll(request, file->Handle, handle);
        }
        catch (Exception e)
        {
            RequestServer.OfThread.Fail(request, e);
        }
    }
}
