using Kbus.Core;

namespace Kbus.Limpets;

/// <content>The thread that waits for the peer.</content>
public sealed partial class Limpet
{
    private const int SentAlone = 32 * 1024;
    private readonly MessageBatch _batch = new();

    private void CarryInward()
    {
        try
        {
            while (_reader.Fill())
            {
                while (_ending is null && _reader.TryRead())
                {
                    CarryInward(ref _reader.Header, _reader.Name, _reader.Data);
                }

                SendBatch();
                _outbox.Flush();
                if (_ending is not null)
                {
                    return;
                }
            }

            End(LimpetEndingKind.PeerGone, "The Limpet at the other end of the connection has closed.");
        }
        catch (WireException e)
        {
            // What came before is as good as ever.
            SendBatchQuietly();
            End(LimpetEndingKind.PeerConfused, $"The peer does not speak as a Limpet does: {e.Message}.");
        }
        catch (KbusException e)
        {
            End(LimpetEndingKind.BusGone, $"Bus {_options.Device}: {e.Message}");
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            End(LimpetEndingKind.PeerGone, $"The connection broke: {e.Message}");
        }
        finally
        {
            ThreadEnded();
        }
    }

    private void CarryInward(ref MessageHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        bool changesBindings = Frame.IsBindEvent(name);
        if (changesBindings)
        {
            SendBatch();
        }

        Verdict verdict = _rules.FromPeer(ref header, name, data, out Errno error);
        if (_options.Trace is not null)
        {
            Trace("peer->bus", header, name, changesBindings ? "bind event" : verdict.ToString());
        }

        switch (verdict)
        {
            case Verdict.Carry when (header.Flags & MessageFlags.AllOrWait) != 0 || data.Length > SentAlone:
                SendBatch();
                SendAlone(header, name, data);
                break;
            case Verdict.Carry:
                _batch.Add(header, name, data);
                break;
            case Verdict.Answer:
                AnswerPeer(header, error);
                break;
            case Verdict.Loop:
                EndLoop();
                break;
        }
    }

    private void SendAlone(in MessageHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        Errno error = _ksock.Submit(header, name, data, isAwaited: false, out _);
        if (error == Errno.EAGAIN)
        {
            // To wait here for somebody's full queue would hold up everything else that the peer sends.
            _ksock.Discard();
        }

        Settle(header, name, error);
    }

    private void SendBatch()
    {
        if (_batch.Count == 0)
        {
            return;
        }

        int sent = _ksock.Send(_batch);
        Interlocked.Add(ref _carriedIn, sent);
        if (sent != _batch.Count)
        {
            ReadOnlySpan<SendOutcome> outcomes = _batch.Outcomes;
            for (int i = 0; i < outcomes.Length; i++)
            {
                if (outcomes[i].Error != Errno.None)
                {
                    _batch.Look(i, out MessageHeader header, out ReadOnlySpan<byte> name, out _);
                    Settle(header, name, outcomes[i].Error);
                }
            }
        }

        _batch.Clear();
    }

    private void SendBatchQuietly()
    {
        try
        {
            SendBatch();
        }
        catch (Exception e) when (e is KbusException or ObjectDisposedException)
        {
            // The bus has gone too.
        }
    }

    /// <summary>Does what must follow when the bus has answered to a message of the peer.</summary>
    private void Settle(in MessageHeader header, ReadOnlySpan<byte> name, Errno error)
    {
        switch (error)
        {
            case Errno.None:
                Interlocked.Increment(ref _carriedIn);
                return;
            case Errno.ENODEV:
                throw new KbusException(error);
        }

        Interlocked.Increment(ref _refused);
        if (_options.Trace is not null)
        {
            Trace("peer->bus", header, name, $"refused, {KbusErrors.Name(error)}");
        }

        if (LimpetRules.MustBeAnswered(header))
        {
            AnswerPeer(header, error);
        }
        else if (header.IsReply && !header.IsRequest && header.To != 0 && error is not (Errno.EADDRNOTAVAIL or Errno.ECONNREFUSED))
        {
            // The answer itself cannot be delivered, by its size say; its requester must still get one.
            AnswerRequester(new MessageHeader { Id = header.InReplyTo, From = header.To }, error);
        }
    }

    private void AnswerPeer(in MessageHeader request, Errno error)
    {
        byte[] name = LimpetRules.AnswerTo(request, error, out MessageHeader answer);
        if (_outbox.Waiting > OutboxLimit)
        {
            // It asks and asks, and reads no answer.
            EndStuck();
            return;
        }

        _outbox.Add(answer, name, default);
        Interlocked.Increment(ref _carriedOut);
    }
}
