using Kbus.Core;

namespace Kbus.Limpets;

/// <content>The thread that waits for the peer.</content>
/// <remarks>
/// It does not wait for the outcomes of what it has posted, and goes on reading. Refusals are handled before the next messages are posted
/// or, if that takes long, by a thread of the pool, which the first refusal starts.
/// </remarks>
public sealed partial class Limpet
{
    private const int SentAlone = 32 * 1024;

    // Held by the thread that waits for the peer, except while it waits, and by one of the pool: over all that follows here.
    private readonly Lock _inwardLock = new();
    private readonly MessageHeader[] _scratch = new MessageHeader[1];
    private FrameWriter _answers = new();
    private FrameRun _run;
    private FrameRun _posted;
    private ulong _lastPost;

    private void CarryInward()
    {
        try
        {
            while (_reader.Fill())
            {
                if (_ending is not null)
                {
                    // Only to see the peer close.
                    _reader.Forget();
                    continue;
                }

                lock (_inwardLock)
                {
                    CarryWhatWasRead();
                }

                if (_pacer?.Spend(_reader.TakeCount()) is { } pause && pause > TimeSpan.Zero)
                {
                    _ = _over.WaitOne(pause);
                }
            }

            lock (_inwardLock)
            {
                Settle();
            }

            End(LimpetEndingKind.PeerGone, "The Limpet at the other end of the connection has closed.");
        }
        catch (WireException e)
        {
            // What came before is as good as ever.
            PostQuietly();
            End(LimpetEndingKind.PeerConfused, $"The peer does not speak as a Limpet does: {e.Message}.");
        }
        catch (KbusException e) when (e.Errno == Errno.ENODEV)
        {
            // The bus has died. The other thread ends the link when it has read, and carried, what the bus still had to say.
        }
        catch (KbusException e)
        {
            End(LimpetEndingKind.BusGone, $"Bus {_options.Device}: {e.Message}");
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            EndBroken(e);
        }
        catch (Exception e)
        {
            EndByFault(e);
        }
        finally
        {
            PartEnded();
        }
    }

    private void CarryWhatWasRead()
    {
        do
        {
            CarryPlainInward();
        }
        while (CarryOneInward());

        Post();
        if (_posted.IsTold)
        {
            Settle();
        }

        WriteAnswers();
    }

    /// <summary>Carries announcements as many as come next, unless others before them have yet to be posted.</summary>
    private void CarryPlainInward()
    {
        if (_options.Trace is not null || _run.Kept > 0 || _ending is not null)
        {
            return;
        }

        var plain = new PlainFrames(_reader, _rules, _scratch);
        Errno error;
        try
        {
            error = _ksock.Host.SendUnanswered(ref plain);
        }
        finally
        {
            // Also if nonsense comes behind them.
            Interlocked.Add(ref _carriedIn, plain.Count - plain.Refused);
            Interlocked.Add(ref _refused, plain.Refused);
        }

        if (error != Errno.None)
        {
            throw Refusals.Of(error, null, null, _ksock.Name, "send");
        }
    }

    private bool CarryOneInward()
    {
        if (_ending is not null || !_reader.TryRead(ref _run.Next))
        {
            return false;
        }

        CarryInward(ref _run.Next, _reader.Name, _reader.Data);
        return true;
    }

    private void CarryInward(ref MessageHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        bool changesBindings = Frame.IsBindEvent(name);
        if (changesBindings)
        {
            // What came before is sent before. The event's header is of no use.
            Post();
        }

        Verdict verdict = _rules.FromPeer(ref header, name, data, out Errno error);
        if (_options.Trace is not null)
        {
            Trace(FromPeer, header, name, changesBindings ? "bind event" : verdict.ToString());
        }

        switch (verdict)
        {
            case Verdict.Carry when (header.Flags & MessageFlags.AllOrWait) != 0 || data.Length > SentAlone:
                MessageHeader alone = header;
                Post();
                SendAlone(alone, name, data);
                break;
            case Verdict.Carry:
                _run.Keep(_reader.NameAt);
                break;
            case Verdict.Answer:
                AnswerPeer(header, error);
                break;
            case Verdict.AnswerHere:
                AnswerRequester(new MessageHeader { Id = header.InReplyTo, From = header.To }, error);
                if (LimpetRules.MustBeAnswered(header))
                {
                    AnswerPeer(header, error);
                }

                break;
            case Verdict.Forged:
                End(
                    LimpetEndingKind.PeerForged,
                    $"The peer sent a message from {_rules.ForgedOrigin}, which is not its network {PeerNetworkId}, nor one that may lie behind it (--networks).");
                break;
            case Verdict.Loop:
                EndLoop();
                break;
        }
    }

    private void SendAlone(in MessageHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        Errno error = _ksock.Submit(header, name, data, out _);
        if (error == Errno.EAGAIN)
        {
            // Waiting here for a full queue would delay everything else that the peer sends.
            _ksock.Discard();
        }

        if (error == Errno.None)
        {
            Interlocked.Increment(ref _carriedIn);
        }
        else
        {
            Settle(header, error);
        }
    }

    /// <summary>Hands what has been read to the bus, whose answers to what was posted before are here by now.</summary>
    private void Post()
    {
        if (_run.Kept > 0)
        {
            Settle();
            _lastPost = _run.Post(_ksock.Host);
            (_run, _posted) = (_posted, _run);
        }
    }

    /// <summary>Waits for the bus's answers to what has been posted, and does what must follow.</summary>
    private void Settle()
    {
        if (_posted.Kept == 0)
        {
            return;
        }

        _ksock.Host.SettleOutcomes(_lastPost);
        _posted.WaitUntilTold();
        ReadOnlySpan<SendOutcome> outcomes = _posted.Outcomes;
        int carried = 0;
        for (int i = 0; i < outcomes.Length; i++)
        {
            if (outcomes[i].Error == Errno.None)
            {
                carried++;
            }
            else
            {
                Settle(_posted.HeaderAt(i), outcomes[i].Error);
            }
        }

        Interlocked.Add(ref _carriedIn, carried);
        _posted.Clear();
    }

    /// <summary>Counts what the bus has taken since the last call. The caller holds the lock.</summary>
    private void CountIn()
    {
        if (_ending is null && _posted.Kept > 0)
        {
            _ksock.Host.LookForOutcome(_lastPost);
            if (_posted.IsTold)
            {
                SettleQuietly();
            }
        }
    }

    private void PostQuietly()
    {
        try
        {
            lock (_inwardLock)
            {
                Post();
            }
        }
        catch (Exception e) when (e is KbusException or ObjectDisposedException)
        {
            // The bus has gone too.
        }

        SettleQuietly();
    }

    /// <summary>The bus has refused a message. Any thread may call, and must not be delayed.</summary>
    private void HearRefusal() => ThreadPool.UnsafeQueueUserWorkItem(static limpet => limpet.SettleQuietly(), this, preferLocal: false);

    private void SettleQuietly()
    {
        try
        {
            lock (_inwardLock)
            {
                Settle();
                WriteAnswers();
            }
        }
        catch (Exception e) when (e is KbusException or ObjectDisposedException)
        {
            // The bus has gone too.
        }
        catch (Exception e)
        {
            EndByFault(e);
        }
    }

    /// <summary>Does what must follow when the bus has refused a message of the peer.</summary>
    private void Settle(in MessageHeader header, Errno error)
    {
        if (error is Errno.ENODEV or Errno.EBADF)
        {
            throw Refusals.Of(error, null, null, _ksock.Name, "send");
        }

        Interlocked.Increment(ref _refused);
        if (_options.Trace is not null)
        {
            Trace(FromPeer, header, default, $"refused, {KbusErrors.Name(error)}");
        }

        if (LimpetRules.MustBeAnswered(header))
        {
            AnswerPeer(header, error);
        }

        if (LimpetRules.IsAwaitedHere(header, error))
        {
            // The answer itself cannot be delivered, by its size say; its requester must still get one.
            AnswerRequester(new MessageHeader { Id = header.InReplyTo, From = header.To }, error);
        }
    }

    private void AnswerPeer(in MessageHeader request, Errno error)
    {
        byte[] name = LimpetRules.AnswerTo(request, error, out MessageHeader answer);
        if (_outbox.Waiting + _answers.Count > OutboxLimit)
        {
            // It asks and asks, and reads no answer.
            EndStuck();
            return;
        }

        _answers.Add(answer, name, default);
        Interlocked.Increment(ref _answered);
    }

    private void WriteAnswers()
    {
        if (_answers.Count > 0)
        {
            _outbox.Take(ref _answers);
            _outbox.Flush();
        }
    }
}
