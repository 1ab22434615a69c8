namespace Kbus.Link.Tests;

[Collection(nameof(Alone))]
public sealed class CommandRingStressTests
{
    [Theory]
    [InlineData(4096, 400_000)]
    [InlineData(65536, 400_000)]
    public Task Every_command_arrives_once_whole_and_in_order(int ringSize, int commands) => Seeded.Run(seed => Limited.Run(
        () =>
        {
            using var link = new LinkPair(commandRing: ringSize);
            ulong sent = 0;
            ulong received = 0;
            var running = Limited.Run(() => sent = Produce(link, commands, seed), () => received = Consume(link, commands));
            running.GetAwaiter().GetResult();
            Assert.Equal(sent, received);
        }));

    private static ulong Produce(LinkPair link, int commands, int seed)
    {
        var producer = new CommandProducer(link.Client);
        var random = new Random(seed);
        ulong hash = 0;
        Backoff waiting = default;
        for (ulong number = 1; number <= (ulong)commands; number++)
        {
            int largest = random.Next(100) == 0 ? producer.MaxBodyLength : 200;
            int length = Pattern.Length(number, largest);
            Span<byte> body;
            while (!producer.TryBegin(length, out body))
            {
                Assert.Equal(LinkFault.None, producer.Fault);
                waiting.Once();
            }

            Pattern.Fill(body, number);
            producer.Commit((ushort)number, (ushort)length, number);
            hash = Pattern.Chain(hash, number + (ulong)length);
        }

        return hash;
    }

    private static ulong Consume(LinkPair link, int commands)
    {
        var consumer = new CommandConsumer(link.Bus);
        ulong hash = 0;
        Backoff waiting = default;
        for (ulong number = 1; number <= (ulong)commands;)
        {
            CommandLook look = consumer.TryRead(out CommandRecord header, out ReadOnlySpan<byte> body);
            if (look == CommandLook.Empty)
            {
                waiting.Once();
                continue;
            }

            Assert.Equal(CommandLook.Command, look);
            Assert.Equal(number, Pattern.Number(body));
            Assert.Equal((number, (ushort)number, (ushort)body.Length), (header.Sequence, header.Opcode, header.Flags));
            hash = Pattern.Chain(hash, number + (ulong)body.Length);
            consumer.Advance();
            number++;
        }

        return hash;
    }
}
