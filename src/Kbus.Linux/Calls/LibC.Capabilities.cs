using System.Runtime.InteropServices;

namespace Kbus.Linux;

/// <content>The capabilities of the calling thread, and the users of the process. A bit of a set is one capability, counted from the lowest.</content>
internal static unsafe partial class LibC
{
    /// <summary>The capability to look into the memory of other users' processes.</summary>
    public const int CapabilityPtrace = 19;

    /// <summary>The capability to mount, among much else.</summary>
    public const int CapabilityAdminister = 21;

    private const uint CapabilityVersion3 = 0x20080522;
    private const int DropFromBoundingSet = 24;
    private const int SetKeepCapabilities = 8;
    private const int SetNoNewPrivileges = 38;
    private const int AmbientCapability = 47;
    private const nuint AmbientRaise = 2;
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

    /// <summary>Takes a capability out of what this thread, and no other, can do at the moment, or puts it back if the process has it.</summary>
    /// <returns>True if it has the capability now.</returns>
    public static bool SetCapability(int capability, bool wanted)
    {
        uint* header = stackalloc uint[2] { CapabilityVersion3, 0 };

        // Twice: effective, permitted, inheritable; 32 capabilities in each.
        uint* data = stackalloc uint[6];
        if (Result(NativeGetCapabilities(header, data)) < 0)
        {
            return false;
        }

        int word = capability / 32 * 3;
        uint bit = 1u << (capability % 32);
        bool has = (data[word] & bit) != 0;
        if (has == wanted || (wanted && (data[word + 1] & bit) == 0))
        {
            return has;
        }

        data[word] ^= bit;
        return Result(NativeSetCapabilities(header, data)) < 0 ? has : wanted;
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

    /// <summary>Lets the calling thread keep what it is permitted when it ceases to be root. Zero or <c>-errno</c>.</summary>
    public static int KeepCapabilities() => Result(NativeControl(SetKeepCapabilities, 1, 0, 0, 0));

    /// <summary>Gives these capabilities to what the calling thread executes, also if it is not root. They must be its own. Zero or <c>-errno</c>.</summary>
    public static int PassOnCapabilities(ulong capabilities)
    {
        int result = 0;
        for (int capability = 0; capability < MostCapabilities && result >= 0; capability++)
        {
            if ((capabilities & (1UL << capability)) != 0)
            {
                result = Result(NativeControl(AmbientCapability, AmbientRaise, (nuint)capability, 0, 0));
            }
        }

        return result;
    }

    /// <summary>Makes this process, all its threads, another user's: real, effective and saved ids, and the supplementary groups. Zero or <c>-errno</c>.</summary>
    /// <remarks>After an error it may have the groups and still the user, so that it should end.</remarks>
    public static int BecomeUser(uint user, uint group, ReadOnlySpan<uint> groups)
    {
        int result;
        fixed (uint* list = groups)
        {
            result = Result(NativeSetGroups((nuint)groups.Length, list));
        }

        result = result < 0 ? result : Result(NativeSetGroupIds(group, group, group));
        return result < 0 ? result : Result(NativeSetUserIds(user, user, user));
    }

    /// <summary>Sets the user as whom this thread, and no other, opens files. Gives the one before.</summary>
    /// <remarks>Unlike the other ids it does not decide who may send this process signals.</remarks>
    [LibraryImport(Library, EntryPoint = "setfsuid")]
    public static partial uint SetFileUser(uint user);

    /// <summary>Sets the group as which this thread opens files. Gives the one before.</summary>
    [LibraryImport(Library, EntryPoint = "setfsgid")]
    public static partial uint SetFileGroup(uint group);

    /// <summary>Keeps the calling thread, and what it executes, from getting privileges by executing a program. Zero or <c>-errno</c>.</summary>
    public static int ForgoNewPrivileges() => Result(NativeControl(SetNoNewPrivileges, 1, 0, 0, 0));

    [LibraryImport(Library, EntryPoint = "prctl")]
    private static partial int NativeControl(int option, nuint first, nuint second, nuint third, nuint fourth);

    [LibraryImport(Library, EntryPoint = "capget")]
    private static partial int NativeGetCapabilities(uint* header, uint* data);

    [LibraryImport(Library, EntryPoint = "capset")]
    private static partial int NativeSetCapabilities(uint* header, uint* data);

    [LibraryImport(Library, EntryPoint = "setgroups")]
    private static partial int NativeSetGroups(nuint count, uint* groups);

    [LibraryImport(Library, EntryPoint = "setresgid")]
    private static partial int NativeSetGroupIds(uint real, uint effective, uint saved);

    [LibraryImport(Library, EntryPoint = "setresuid")]
    private static partial int NativeSetUserIds(uint real, uint effective, uint saved);
}
