using System.Globalization;
using System.Runtime.InteropServices;

namespace Kbus.Policy;

/// <summary>Users and groups by name, as the machine's databases have them (NSS). A question can take long, so no bus's thread
/// asks.</summary>
internal unsafe partial class AccountNames
{
    // In struct passwd: the name, another pointer, user, group. In struct group: the name, another pointer, group. More room than either
    // has, on any machine.
    private const int NumberOffset = 16;
    private const int GroupOffset = 20;
    private const int RecordSize = 128;
    private const int FirstBuffer = 4096;
    private const int LargestBuffer = 4 * 1024 * 1024;
    private const int LargestGroupCount = 65536;
    private const int TooSmall = (int)Errno.ERANGE;

    /// <summary>The number of a user; null if there is none of that name.</summary>
    /// <exception cref="PolicyException">The databases cannot be asked.</exception>
    public virtual uint? User(string name) => Find(Question.UserByName, name)?.User;

    /// <summary>The number of a group; null if there is none of that name.</summary>
    /// <exception cref="PolicyException">The databases cannot be asked.</exception>
    public virtual uint? Group(string name) => Find(Question.GroupByName, name)?.User;

    /// <summary>A user, by name or number; null if there is none.</summary>
    /// <exception cref="PolicyException">The databases cannot be asked.</exception>
    public static Account? AccountOf(string nameOrNumber) =>
        uint.TryParse(nameOrNumber, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? Find(Question.UserByNumber, nameOrNumber)
            : Find(Question.UserByName, nameOrNumber);

    /// <summary>The groups that a user's new processes have: the user's own and those whose member the user is.</summary>
    /// <returns>None if there is no user of that name.</returns>
    public IReadOnlyList<uint> GroupsOf(string userName)
    {
        if (Find(Question.UserByName, userName)?.Group is not { } own)
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

    /// <summary>Asks for a user or a group, whose number then stands where that of a user stands.</summary>
    private static Account? Find(Question question, string name)
    {
        byte* record = stackalloc byte[RecordSize];
        for (int size = FirstBuffer; ; size *= 4)
        {
            byte[] buffer = new byte[size];
            nint found = 0;
            fixed (byte* strings = buffer)
            {
                int error = question switch
                {
                    Question.UserByName => NativeFindUser(name, record, strings, (nuint)size, &found),
                    Question.UserByNumber => NativeFindNumber(uint.Parse(name, CultureInfo.InvariantCulture), record, strings, (nuint)size, &found),
                    _ => NativeFindGroup(name, record, strings, (nuint)size, &found),
                };
                if (found != 0)
                {
                    uint group = question == Question.GroupByName ? 0 : *(uint*)(record + GroupOffset);
                    return new Account(Marshal.PtrToStringUTF8(*(nint*)record)!, *(uint*)(record + NumberOffset), group);
                }

                if (error == TooSmall && size < LargestBuffer)
                {
                    continue;
                }

                // Some databases say by an error that they have nobody of the name.
                if (error is not (0 or (int)Errno.ENOENT or (int)Errno.ESRCH or (int)Errno.EBADF or (int)Errno.EPERM))
                {
                    throw new PolicyException($"The {(question == Question.GroupByName ? "group" : "user")} '{name}' cannot be looked up: error {error}.");
                }

                return null;
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "getpwnam_r", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeFindUser(string name, void* record, byte* buffer, nuint size, nint* found);

    [LibraryImport("libc", EntryPoint = "getpwuid_r")]
    private static partial int NativeFindNumber(uint number, void* record, byte* buffer, nuint size, nint* found);

    [LibraryImport("libc", EntryPoint = "getgrnam_r", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeFindGroup(string name, void* record, byte* buffer, nuint size, nint* found);

    [LibraryImport("libc", EntryPoint = "getgrouplist", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeGroupsOf(string user, uint group, uint* groups, int* count);

    /// <summary>What a database is asked for.</summary>
    private enum Question
    {
        UserByName,
        UserByNumber,
        GroupByName,
    }
}
