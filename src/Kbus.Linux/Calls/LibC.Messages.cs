using System.Runtime.InteropServices;

namespace Kbus.Linux;

/// <content>Passing descriptors over a Unix socket.</content>
internal static unsafe partial class LibC
{
    /// <summary>The most descriptors that go with one message.</summary>
    public const int MostDescriptors = 8;

    private const int ScmRights = 1;
    private const int MessageControlTruncated = 0x8;
    private const int MessageCloseOnExec = 0x40000000;
    private const int ControlHeaderLength = 16;
    private const int ControlLength = ControlHeaderLength + (MostDescriptors * sizeof(int));

    /// <summary>Sends bytes, and with the first of them descriptors; how many bytes went.</summary>
    public static int SendMessage(int socket, ReadOnlySpan<byte> bytes, ReadOnlySpan<int> descriptors, int flags)
    {
        if (descriptors.Length > MostDescriptors)
        {
            return Invalid;
        }

        ulong* control = stackalloc ulong[ControlLength / sizeof(ulong)];
        fixed (byte* start = bytes)
        {
            IoVector vector = new() { Start = start, Length = (nuint)bytes.Length };
            MessageHead head = new() { Vectors = &vector, VectorCount = 1 };
            if (descriptors.Length > 0)
            {
                ControlHead* rights = (ControlHead*)control;
                rights->Length = (nuint)(ControlHeaderLength + (descriptors.Length * sizeof(int)));
                rights->Level = LevelSocket;
                rights->Type = ScmRights;
                descriptors.CopyTo(new Span<int>((byte*)control + ControlHeaderLength, descriptors.Length));
                head.Control = control;

                // The kernel wants the length with its padding here, and without it in the head.
                head.ControlLength = (nuint)(ControlHeaderLength + (((descriptors.Length * sizeof(int)) + 7) & ~7));
            }

            nint result;
            do
            {
                result = (nint)Result(NativeSendMessage(socket, &head, flags | MessageNoSignal));
            }
            while (result == Interrupted);
            return (int)result;
        }
    }

    /// <summary>Receives bytes and the descriptors that came with them; how many bytes came, zero when the peer has gone.</summary>
    /// <remarks>
    /// The caller owns the descriptors. When more came than <paramref name="descriptors"/> holds, or than the process may open, all of
    /// them are closed and the result is EMSGSIZE: half a set of descriptors is of no use to anybody.
    /// </remarks>
    public static int ReceiveMessage(int socket, Span<byte> bytes, Span<int> descriptors, int flags, out int descriptorCount)
    {
        descriptorCount = 0;
        ulong* control = stackalloc ulong[ControlLength / sizeof(ulong)];
        MessageHead head;
        nint result;
        fixed (byte* start = bytes)
        {
            IoVector vector = new() { Start = start, Length = (nuint)bytes.Length };
            do
            {
                head = new() { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = ControlLength };
                result = (nint)Result(NativeReceiveMessage(socket, &head, flags | MessageCloseOnExec));
            }
            while (result == Interrupted);
        }

        if (result < 0)
        {
            return (int)result;
        }

        int came = 0;
        int kept = 0;
        nuint at = 0;
        while (at + ControlHeaderLength <= head.ControlLength)
        {
            ControlHead* part = (ControlHead*)((byte*)control + at);
            if (part->Length < ControlHeaderLength || part->Length > head.ControlLength - at)
            {
                break;
            }

            if (part->Level == LevelSocket && part->Type == ScmRights)
            {
                int* passed = (int*)((byte*)part + ControlHeaderLength);
                int count = (int)(part->Length - ControlHeaderLength) / sizeof(int);
                for (int i = 0; i < count; i++, came++)
                {
                    if (kept < descriptors.Length)
                    {
                        descriptors[kept++] = passed[i];
                    }
                    else
                    {
                        _ = Close(passed[i]);
                    }
                }
            }

            at += (part->Length + 7) & ~(nuint)7;
        }

        if (came > kept || (head.Flags & MessageControlTruncated) != 0)
        {
            for (int i = 0; i < kept; i++)
            {
                _ = Close(descriptors[i]);
            }

            // Fewer than there was room for: the kernel had no number left to give this process.
            return came < descriptors.Length ? TooManyOpen : MessageTooLong;
        }

        descriptorCount = kept;
        return (int)result;
    }

    [LibraryImport(Library, EntryPoint = "sendmsg")]
    private static partial nint NativeSendMessage(int socket, void* message, int flags);

    [LibraryImport(Library, EntryPoint = "recvmsg")]
    private static partial nint NativeReceiveMessage(int socket, void* message, int flags);

    private struct IoVector
    {
        public byte* Start;
        public nuint Length;
    }

    private struct MessageHead
    {
        public void* Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    private struct ControlHead
    {
        public nuint Length;
        public int Level;
        public int Type;
    }
}
