using System.Runtime.InteropServices;

namespace Kbus.Link;

/// <content>The capabilities of the calling thread. A bit of a set is one capability, counted from the lowest.</content>
internal static unsafe partial class LibC
{
    private const uint CapabilityVersion3 = 0x20080522;
    private const int DropFromBoundingSet = 24;
    private const int SetNoNewPrivileges = 38;
    private const int AmbientCapability = 47;
    private const nuint AmbientLower = 3;
    private const int MostCapabilities = 64;

    /// <summary>Asks which capabilities the calling thread has, or can give itself. Zero or <c>-errno</c>.</summary>
    public static int PermittedCapabilities(out ulong permitted)
    {
        uint* header = stackalloc uint[2] { CapabilityVersion3, 0 };
        uint* data = stackalloc uint[6];
        int result = Result(NativeGetCapabilities(header, data));
        permitted = result < 0 ? 0 : data[1] | ((ulong)data[4] << 32);
        return result;
    }

    /// <summary>Gives the calling thread these capabilities and no others: permitted, effective, and for programs that it executes. Zero or <c>-errno</c>.</summary>
    public static int SetCapabilities(ulong capabilities)
    {
        uint low = (uint)capabilities;
        uint high = (uint)(capabilities >> 32);
        uint* header = stackalloc uint[2] { CapabilityVersion3, 0 };

        // Effective, permitted, inheritable; 32 capabilities in each.
        uint* data = stackalloc uint[6] { low, low, low, high, high, high };
        return Result(NativeSetCapabilities(header, data));
    }

    /// <summary>Keeps the calling thread, and what it executes, from ever having other capabilities than these; as far as it may decide that.</summary>
    public static void LowerBoundingSet(ulong capabilities)
    {
        for (int capability = 0; capability < MostCapabilities; capability++)
        {
            if ((capabilities & (1UL << capability)) == 0)
            {
                _ = NativeControl(AmbientCapability, AmbientLower, (nuint)capability, 0, 0);
                _ = NativeControl(DropFromBoundingSet, (nuint)capability, 0, 0, 0);
            }
        }
    }

    /// <summary>Keeps the calling thread, and what it executes, from getting privileges by executing a program. Zero or <c>-errno</c>.</summary>
    public static int ForgoNewPrivileges() => Result(NativeControl(SetNoNewPrivileges, 1, 0, 0, 0));

    [LibraryImport(Library, EntryPoint = "prctl")]
    private static partial int NativeControl(int option, nuint first, nuint second, nuint third, nuint fourth);

    [LibraryImport(Library, EntryPoint = "capget")]
    private static partial int NativeGetCapabilities(uint* header, uint* data);

    [LibraryImport(Library, EntryPoint = "capset")]
    private static partial int NativeSetCapabilities(uint* header, uint* data);
}
