using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Tests.Links;

public sealed class CommandChannelTests
{
    [Fact]
    public Task A_command_gets_its_own_answer_however_many_there_are() => Limited.Run(async () =>
    {
        using var bus = new BusEnd(slots: 4);
        Task answering = Task.Factory.StartNew(
            () =>
            {
                for (uint answered = 0; answered < 1000;)
                {
                    if (bus.Commands.TryRead(out CommandRecord record, out _) == CommandLook.Command)
                    {
                        bus.Commands.Advance();
                        bus.Completions.Complete(record.Sequence, new Completion(record.Flags % 3, record.Flags));
                        answered++;
                    }
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        for (ushort flags = 0; flags < 1000; flags++)
        {
            Errno error = bus.Channel.Command(CommandCode.Ask, flags, default, out Completion completion);
            Assert.Equal(((Errno)(flags % 3), (uint)flags), (error, completion.Value));
        }

        await answering;
    });

    [Fact]
    public Task A_command_that_the_bus_has_not_claimed_by_the_deadline_is_withdrawn() => Limited.Run(() =>
    {
        using var bus = new BusEnd();
        Assert.Equal(Errno.ETIMEDOUT, bus.Channel.Command(CommandCode.Bind, 0, "$.Fred"u8, out _, Deadline.Passed));
        Assert.Equal((ushort)CommandCode.Withdrawn, bus.Take().Opcode);
        return Task.CompletedTask;
    });

    [Fact]
    public Task The_outcome_of_a_command_that_the_bus_has_claimed_is_unknown_and_recorded_when_it_comes() => Limited.Run(async () =>
    {
        using var bus = new BusEnd();
        Completion late = default;
        Errno error = Errno.None;
        Task calling = Task.Run(() => error = bus.Channel.Command(
            CommandCode.Retry, 0, default, out _, Deadline.After(TimeSpan.FromMilliseconds(200)), () => completion => late = completion));
        CommandRecord record;
        while (bus.Commands.TryRead(out record, out _) != CommandLook.Command)
        {
            Thread.Yield();
        }

        bus.Commands.Advance();
        await calling;
        Assert.Equal(Errno.EINPROGRESS, error);
        bus.Completions.Complete(record.Sequence, new Completion((int)Errno.EBUSY, 42ul));
        Assert.True(bus.Life.TryEnter());
        bus.Channel.HearLate();
        bus.Life.Leave(0);
        Assert.Equal((Errno.EBUSY, 42u), ((Errno)late.Error, late.Value));
    });

    [Fact]
    public Task The_slots_of_abandoned_commands_are_free_again_when_the_bus_has_answered() => Limited.Run(() =>
    {
        using var bus = new BusEnd(slots: 4);
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < 4; i++)
            {
                Assert.Equal(Errno.ETIMEDOUT, bus.Channel.Command(CommandCode.Ask, 0, default, out _, Deadline.Passed));
            }

            // No slot is left, and nothing more can be said to the bus.
            Assert.Equal(Errno.ETIMEDOUT, bus.Channel.Command(CommandCode.Ask, 0, default, out _, Deadline.Passed));
            for (int i = 0; i < 4; i++)
            {
                CommandRecord record = bus.Take();
                Assert.Equal((ushort)CommandCode.Withdrawn, record.Opcode);
                bus.Completions.Complete(record.Sequence, new Completion((int)Errno.ECANCELED));
            }

            Assert.False(bus.Commands.HasCommands);
        }

        return Task.CompletedTask;
    });

    [Fact]
    public Task A_full_ring_ends_the_call_at_its_deadline_and_leaves_nothing_half_written() => Limited.Run(() =>
    {
        using var bus = new BusEnd(slots: 1024);
        int written = 0;
        while (bus.Channel.Command(CommandCode.Ask, 0, new byte[1000], out _, Deadline.Passed) == Errno.ETIMEDOUT && bus.Commands.HasCommands && written < 4)
        {
            written++;
        }

        for (int i = 0; bus.Commands.TryRead(out CommandRecord record, out _) == CommandLook.Command; i++)
        {
            Assert.Equal(((ushort)CommandCode.Withdrawn, (ulong)i + 1), (record.Opcode, record.Sequence));
            bus.Commands.Advance();
        }

        Assert.Equal(LinkFault.None, bus.Commands.Fault);
        return Task.CompletedTask;
    });

    [Fact]
    public Task A_dead_bus_ends_every_wait() => Limited.Run(() =>
    {
        using var bus = new BusEnd();
        bus.HangUp();
        Assert.Equal(Errno.ENODEV, bus.Channel.Command(CommandCode.Ask, 0, default, out _));
        Assert.True(bus.Life.IsDead);
        return Task.CompletedTask;
    });

    [Fact]
    public void The_memory_stays_until_the_last_call_has_left()
    {
        using var bus = new BusEnd();
        Assert.True(bus.Life.TryEnter());
        Assert.True(bus.Life.BeginDisposing());
        Assert.False(bus.Life.BeginDisposing());
        bus.Life.Leave(0);
        Assert.False(bus.IsFreed);
        Assert.False(bus.Life.TryEnter());
        bus.Life.Leave(0);
        Assert.True(bus.IsFreed);
    }
}
