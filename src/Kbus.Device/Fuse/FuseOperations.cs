using System.Runtime.InteropServices;

namespace Kbus.Device;

/// <summary>What the library calls for each kind of request (<c>fuse_lowlevel_ops</c>), up to <c>poll</c>.</summary>
/// <remarks>Null is the library's own answer: ENOSYS, after which the kernel mostly does not ask again, or success where there is nothing to do.</remarks>
[StructLayout(LayoutKind.Explicit, Size = 288)]
internal unsafe struct FuseOperations
{
    [FieldOffset(0)]
    public delegate* unmanaged[Cdecl]<nint, FuseConnection*, void> Init;

    [FieldOffset(16)]
    public delegate* unmanaged[Cdecl]<nint, ulong, byte*, void> Lookup;

    [FieldOffset(32)]
    public delegate* unmanaged[Cdecl]<nint, ulong, FuseFile*, void> GetAttributes;

    [FieldOffset(40)]
    public delegate* unmanaged[Cdecl]<nint, ulong, FileStatus*, int, FuseFile*, void> SetAttributes;

    [FieldOffset(112)]
    public delegate* unmanaged[Cdecl]<nint, ulong, FuseFile*, void> Open;

    [FieldOffset(120)]
    public delegate* unmanaged[Cdecl]<nint, ulong, nuint, long, FuseFile*, void> Read;

    [FieldOffset(128)]
    public delegate* unmanaged[Cdecl]<nint, ulong, byte*, nuint, long, FuseFile*, void> Write;

    [FieldOffset(144)]
    public delegate* unmanaged[Cdecl]<nint, ulong, FuseFile*, void> Release;

    [FieldOffset(168)]
    public delegate* unmanaged[Cdecl]<nint, ulong, nuint, long, FuseFile*, void> ReadDirectory;

    [FieldOffset(272)]
    public delegate* unmanaged[Cdecl]<nint, ulong, uint, ulong, FuseFile*, uint, byte*, nuint, nuint, void> Ioctl;

    [FieldOffset(280)]
    public delegate* unmanaged[Cdecl]<nint, ulong, FuseFile*, nint, void> Poll;
}
