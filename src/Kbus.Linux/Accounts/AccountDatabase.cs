using System.Runtime.InteropServices;

namespace Kbus.Linux;

/// <summary>The users and groups of the machine, as its databases have them (NSS). A question can take long, so no bus's thread asks.</summary>
/// <remarks>Results are zero or <c>-errno</c>. <see cref="LibC.NotFound"/> means that there is no such user or group.</remarks>
internal static unsafe partial class AccountDatabase
{
    private const string Library = "libc";

    // In struct passwd: the name, another pointer, user, group. In struct group: the name, another pointer, group. The record has more room than
    // either needs, on any machine.
    private const int NumberOffset = 16;
    private const int GroupOffset = 20;
    private const int RecordSize = 128;
    private const int FirstBuffer = 4096;
    private const int LargestBuffer = 4 * 1024 * 1024;
    private const int LargestGroupCount = 65536;
    private const int BadDescriptor = -9;

    /// <summary>Finds a user by name.</summary>
    public static int FindUser(string name, out AccountEntry user) => Find(Question.UserByName, name, 0, out user);

    /// <summary>Finds a user by number.</summary>
    public static int FindUser(uint number, out AccountEntry user) => Find(Question.UserByNumber, "", number, out user);

    /// <summary>Finds a group by name.</summary>
    public static int FindGroup(string name, out AccountEntry group) => Find(Question.GroupByName, name, 0, out group);

    /// <summary>The groups that a user's new processes have.</summary>
    /// <param name="name">The user.</param>
    /// <param name="own">The user's own group, which is one of the result.</param>
    /// <param name="groups">The groups.</param>
    /// <returns>Zero, or <see cref="LibC.OutOfRange"/> if there are more than Linux allows a process.</returns>
    public static int GroupsOf(string name, uint own, out uint[] groups)
    {
        for (int room = 64; room <= LargestGroupCount; room *= 4)
        {
            uint[] found = new uint[room];
            int count = room;
            fixed (uint* list = found)
            {
                if (NativeGroupsOf(name, own, list, &count) >= 0)
                {
                    groups = found[..count];
                    return 0;
                }
            }
        }

        groups = [];
        return LibC.OutOfRange;
    }

    private static int Find(Question question, string name, uint number, out AccountEntry account)
    {
        byte* record = stackalloc byte[RecordSize];
        account = default;
        for (int size = FirstBuffer; ; size *= 4)
        {
            byte[] buffer = new byte[size];
            nint found = 0;
            fixed (byte* strings = buffer)
            {
                int error = -(question switch
                {
                    Question.UserByName => NativeFindUser(name, record, strings, (nuint)size, &found),
                    Question.UserByNumber => NativeFindNumber(number, record, strings, (nuint)size, &found),
                    _ => NativeFindGroup(name, record, strings, (nuint)size, &found),
                });
                if (found != 0)
                {
                    uint group = question == Question.GroupByName ? 0 : *(uint*)(record + GroupOffset);
                    account = new AccountEntry(Marshal.PtrToStringUTF8(*(nint*)record)!, *(uint*)(record + NumberOffset), group);
                    return 0;
                }

                if (error == LibC.OutOfRange && size < LargestBuffer)
                {
                    continue;
                }

                // Some databases say by an error that they have nobody of the name.
                return error is 0 or LibC.NotFound or LibC.NoSuchProcess or BadDescriptor or LibC.NotPermitted ? LibC.NotFound : error;
            }
        }
    }

    [LibraryImport(Library, EntryPoint = "getpwnam_r", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeFindUser(string name, void* record, byte* buffer, nuint size, nint* found);

    [LibraryImport(Library, EntryPoint = "getpwuid_r")]
    private static partial int NativeFindNumber(uint number, void* record, byte* buffer, nuint size, nint* found);

    [LibraryImport(Library, EntryPoint = "getgrnam_r", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeFindGroup(string name, void* record, byte* buffer, nuint size, nint* found);

    [LibraryImport(Library, EntryPoint = "getgrouplist", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NativeGroupsOf(string user, uint group, uint* groups, int* count);

    /// <summary>What a database is asked for.</summary>
    private enum Question
    {
        UserByName,
        UserByNumber,
        GroupByName,
    }
}
