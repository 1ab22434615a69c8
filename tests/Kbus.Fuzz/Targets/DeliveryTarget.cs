using Kbus.Core;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Fuzz;

/// <summary>What a process reads from the memory of a link: the rings and slots that a daemon, or whoever stands in its place, has written.</summary>
/// <remarks>A hostile daemon can tell its members anything, but not make them read beside the memory, or end them. Acts follow each other as for commands.</remarks>
internal sealed unsafe class DeliveryTarget : Target
{
    private static readonly LinkLayout Layout = LinkLayout.TryCreate(16, 4096, 4096)!;

    /// <inheritdoc/>
    public override string Name => "deliveries";

    /// <inheritdoc/>
    public override string About => "what a process reads from the memory of its link";

    /// <inheritdoc/>
    public override int LongestInput => 2048;

    /// <inheritdoc/>
    public override IEnumerable<byte[]> Seeds =>
    [
        [.. Record(0, Composed.Entire(default, "$.A"u8, "data"u8)), .. Tail(112), 2, 3],
        [.. Record(0, Composed.Entire(default, "$.A"u8, default)), .. Record(104, Composed.Entire(new() { Flags = MessageFlags.WantAReply }, "$.B"u8, default)), .. Tail(208), 3, 2, 4],
        [.. Record(0, [7, 0, 0, 0, 0, 0, 0, 0, .. Composed.Entire(default, "$.A"u8, "data"u8)], 9), 0, 0, 5, .. BitConverter.GetBytes(120ul), 10, 11, 12],
        [0, 0x80, 3, 1, 0, 0, 0, 0, 0, 0, 0, 2, 5, 40, 1, 6],
    ];

    /// <inheritdoc/>
    public override void Play(ReadOnlySpan<byte> input)
    {
        Check(SharedMemory.Create(Layout, 1, 0, out SharedMemory? bus, out Descriptor? file));
        using (bus)
        {
            Check(LibC.StreamSocketPair(blocking: false, out int own, out int others));
            using var socket = new Descriptor(own);
            using var other = new Descriptor(others);
            Check(SharedMemory.Map(file!, Layout, out SharedMemory? memory));
            file!.Dispose();
            using (memory)
            {
                var reader = new InputReader(input);
                Play(memory!, socket, ref reader);
            }
        }
    }

    private static void Play(SharedMemory memory, Descriptor socket, ref InputReader input)
    {
        var messages = new DeliveryConsumer(memory);
        var answers = new DeliveryConsumer(memory, DeliveryLane.Answers);
        var completions = new CompletionReader(memory, socket);
        var commands = new CommandProducer(memory);
        while (!input.IsAtEnd)
        {
            int act = input.Byte();
            DeliveryLane lane = (act & 8) == 0 ? DeliveryLane.Messages : DeliveryLane.Answers;
            DeliveryConsumer deliveries = lane == DeliveryLane.Messages ? messages : answers;
            switch (act & 7)
            {
                case 0:
                    byte* page = memory.Completions - LinkLayout.HeaderSize;
                    *(ulong*)(page + (input.Word() % LinkLayout.HeaderSize & ~7)) = input.QuadWord();
                    break;
                case 1:
                    int at = input.Word() & (Layout.RingSize(lane) - 1);
                    input.Bytes(input.Byte()).CopyTo(new Span<byte>(memory.RingOf(lane) + at, byte.MaxValue));
                    break;
                case 2:
                    Take(deliveries, lane);
                    break;
                case 3:
                    TakeTwo(deliveries, lane);
                    break;
                case 4:
                    _ = deliveries.HasRecord;
                    deliveries.EndRewriteOfDeadBus();
                    break;
                case 5:
                    if (commands.TryBegin(input.Word() & 0x7FF, out Span<byte> body))
                    {
                        body.Fill(1);
                        commands.Commit(1, 0, 1);
                    }

                    break;
                case 6:
                    _ = completions.TryGet(input.Byte(), out _);
                    break;
            }
        }
    }

    private static void Take(DeliveryConsumer deliveries, DeliveryLane lane)
    {
        if (deliveries.TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken token) != DeliveryLook.Record)
        {
            return;
        }

        Expect(record.Length <= Layout.RingSize(lane), "a record is longer than its ring");
        int prefix = lane == DeliveryLane.Answers ? AnswerTag.Size : 0;
        if (record.Length < prefix)
        {
            return;
        }

        record = record[prefix..];
        using var buffer = new MessageBuffer();
        record.CopyTo(buffer.Prepare(record.Length));
        if (deliveries.TryTake(token) && buffer.Commit())
        {
            Expect(buffer.EntireLength == record.Length, "a message is not what was in the ring");
            Message message = buffer.ToMessage();
            Expect(message.ToString().Length > 0, "a message cannot be shown");
        }
    }

    private static void TakeTwo(DeliveryConsumer deliveries, DeliveryLane lane)
    {
        if (deliveries.TryPeek(out ReadOnlySpan<byte> record, out DeliveryToken token) == DeliveryLook.Record
            && deliveries.TryPeekBehind(token, out ReadOnlySpan<byte> next, out DeliveryToken both))
        {
            Expect(record.Length + next.Length <= Layout.RingSize(lane), "two records are longer than their ring");
            _ = deliveries.TryTake(both);
        }
    }

    private static void Check(int result)
    {
        if (result < 0)
        {
            throw new InvalidOperationException($"A link cannot be made: {(Errno)(-result)}.");
        }
    }

    private static byte[] Record(ushort at, byte[] bytes, byte act = 1)
    {
        ulong head = new DeliveryRecord((uint)bytes.Length, (uint)DeliveryKind.Inline).Word;
        return [act, (byte)at, (byte)(at >> 8), (byte)(bytes.Length + DeliveryRecord.HeaderSize), .. BitConverter.GetBytes(head), .. bytes];
    }

    private static byte[] Tail(ulong tail) => [0, 0, 3, .. BitConverter.GetBytes(tail)];
}
