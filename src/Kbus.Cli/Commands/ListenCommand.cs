namespace Kbus.Cli;

/// <summary><c>kbus listen</c>: prints every message of some names, and reports where some are missing.</summary>
/// <remarks>
/// A listener whose queue is full misses messages. So the queue is long, and messages are taken many at a time. The bus is asked how many
/// can be taken before the next place where some were missed. No batch goes past such a place.
/// </remarks>
internal sealed class ListenCommand
{
    /// <summary>The default length of the queue. Its messages may not have more bytes together than the bus allows.</summary>
    public const uint UsualMaxMessages = 100_000;

    private const int MostAtOnce = 64;

    private readonly MessageBuffer[] _buffers = [.. Enumerable.Range(0, MostAtOnce).Select(_ => new MessageBuffer())];
    private readonly LineOutput _output;
    private readonly MessagePrinter _printer;
    private readonly Ksock _ksock;
    private readonly StreamLimit _limit;
    private ulong _missed;

    private ListenCommand(Invocation invocation, MessagePrinter printer, Ksock ksock, StreamLimit limit)
    {
        _output = invocation.Output;
        _printer = printer;
        _ksock = ksock;
        _limit = limit;
    }

    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        var printer = new MessagePrinter(invocation);
        uint maxMessages = invocation.Arguments.Number(Options.MaxMessages, least: 1) ?? UsualMaxMessages;
        IReadOnlyList<string> names = invocation.Arguments.Operands;
        var limit = new StreamLimit(invocation);
        using Ksock ksock = KsockOpening.Open(invocation, KsockMode.Read);
        _ = ksock.SetMaxMessages(maxMessages);
        _ = ksock.NumMessagesUntilMissed;
        foreach (string name in names)
        {
            ksock.Bind(name);
        }

        var listening = new ListenCommand(invocation, printer, ksock, limit);
        KsockOpening.TellReady(invocation, ksock, $"listening to {string.Join(", ", names)}");
        try
        {
            listening.Listen();
        }
        finally
        {
            listening.Sum(invocation, maxMessages);
        }

        return ExitCode.Done;
    }

    private void Listen()
    {
        while (!_limit.IsReached)
        {
            uint together = Ask(k => k.NumMessagesUntilMissed, MostAtOnce);
            if (together > 0)
            {
                Print(_ksock.ReadNext(_buffers.AsSpan(0, (int)Math.Min(together, Math.Min(_limit.Remaining ?? MostAtOnce, MostAtOnce)))));
            }
            else if (Ask(k => k.TakeMissed(), 0) is > 0 and var missed)
            {
                _missed += missed;
                _printer.PrintMissed(missed);
            }
            else
            {
                // One alone: how many have come meanwhile, and whether some are missing among them, is not known yet.
                Print(_ksock.WaitForMessages(_buffers.AsSpan(0, 1), _limit.Left) is > 0 and var count ? count : throw _limit.TimeOut());
            }
        }
    }

    /// <summary>Asks the bus. One that has died cannot say any more; what it had delivered is still to be taken, and then the taking
    /// fails.</summary>
    private uint Ask(Func<Ksock, uint> question, uint ofDead)
    {
        try
        {
            return question(_ksock);
        }
        catch (KbusException e) when (e.Errno == Errno.ENODEV)
        {
            return ofDead;
        }
    }

    /// <summary>Prints what has been taken, with as few system calls as it takes.</summary>
    private void Print(int count)
    {
        _output.Hold();
        try
        {
            for (int i = 0; i < count; i++)
            {
                Message message = _buffers[i].ToMessage();
                _buffers[i].Clear();
                _limit.Step();
                _printer.Print(message);
            }
        }
        finally
        {
            _output.Release();
        }
    }

    private void Sum(Invocation invocation, uint maxMessages)
    {
        if (_missed > 0)
        {
            invocation.Warn(
                $"{_missed} {(_missed == 1 ? "message was" : "messages were")} missed in all. The queue holds {maxMessages} messages (--max-messages), and as many bytes as the bus allows.");
        }
    }
}
