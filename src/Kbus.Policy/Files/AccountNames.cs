using System.Runtime.InteropServices;

namespace Kbus.Policy;

/// <summary>Users and groups by name, as the machine's databases have them (NSS). A question can take long, so no bus's thread
/// asks.</summary>
internal unsafe partial class AccountNames
{
    // In struct passwd: two pointers, user, group. In struct group: two pointers, group. More room than either has, on any machine.
    private const int NumberOffset = 16;
    private const int GroupOffset = 20;
    private const int RecordSize = 128;
    private const int FirstBuffer = 4096;
    private const int LargestBuffer = 4 * 1024 * 1024;
    private const int LargestGroupCount = 65536;
    private const int TooSmall = (int)Errno.ERANGE;

    /// <summary>The number of a user; null if there is none of that name.</summary>
    /// <exception cref="PolicyException">The databases cannot be asked.</exception>
    public virtual uint? User(string name) => Find(name, isUser: true, NumberOffset);

    /// <summary>The number of a group; null if there is none of that name.</summary>
    /// <exception cref="PolicyException">The databases cannot be asked.</exception>
    public virtual uint? Group(string name) => Find(name, isUser: false, NumberOffset);

    /// <summary>The groups that a user's new processes have: the user's own and those whose member the user is.</summary>
    /// <returns>None if there is no user of that name.</returns>
    public IReadOnlyList<uint> GroupsOf(string userName)
    {
        if (Find(userName, isUser: true, GroupOffset) is not { } own)
        {
            return [];
        }

        uint[] groups = new uint[64];
        while (true)
        {
            int count = groups.Length;
            int result;
            fixed (uint* list = groups)
            {
                result = NativeGroupsOf(userName, own, list, &count);
            }

            if (result >= 0)
            {
                return groups[..count];
            }

            if (groups.Length >= LargestGroupCount)
            {
                throw new PolicyException($"The groups of the user '{userName}' cannot be found out.");
            }

            groups = new uint[groups.Length * 4];
        }
    }

    private static uint? Find(string name, bool isUser, int offset)
    {
        for (int size = FirstBuffer; ; size *= 4)
        {
            byte[] buffer = new byte[size];
            byte* record = stackalloc byte[RecordSize];
            nint found = 0;
            int error;
            fixed (byte* strings = buffer)
            {
                error = isUser
                    ? NativeFindUser(name, record, strings, (nuint)size, &found)
                    : NativeFindGroup(name, record, strings, (nuint)size, &found);
            }

            if (error == TooSmall && size < LargestBuffer)
            {
                continue;
            }

            // Some databases say by an error that they have nobody of the name.
            bool isNobody = found == 0 && error is 0 or (int)Errno.ENOENT or (int)Errno.ESRCH or (int)Errno.EBADF or (int)Errno.EPERM;
            if (found == 0 && !isNobody)
            {
                throw new PolicyException($"The {(isUser ? "user" : "group")} '{name}' cannot be looked up: error {error}.");
            }

            return found == 0 ? null : *(uint*)(record + offset);
        }
    }

    [LibraryImport("libc", EntryPoint = "getpwnam_r", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeFindUser(string name, void* record, byte* buffer, nuint size, nint* found);

    [LibraryImport("libc", EntryPoint = "getgrnam_r", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeFindGroup(string name, void* record, byte* buffer, nuint size, nint* found);

    [LibraryImport("libc", EntryPoint = "getgrouplist", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeGroupsOf(string user, uint group, uint* groups, int* count);
}
