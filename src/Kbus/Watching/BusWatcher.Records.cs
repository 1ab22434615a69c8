using Kbus.Link;
using Kbus.Linux;

namespace Kbus;

/// <content>Events as the records that the bus wrote, for whoever keeps them as they are (docs/recordings.md).</content>
public sealed partial class BusWatcher
{
    /// <summary>Gives the next record if there is one already.</summary>
    /// <param name="kind">What it tells of: a <see cref="Kbus.Link.WatchRecordKind"/>, or a number that this release does not know.</param>
    /// <param name="record">Its bytes, valid until the next call.</param>
    /// <exception cref="ObjectDisposedException">The watcher has been disposed of.</exception>
    internal bool TryNextRecord(out uint kind, out ReadOnlySpan<byte> record)
    {
        Enter();
        try
        {
            bool isTaken = TryTakeRecord(out kind);
            record = isTaken ? _record.WrittenSpan : default;
            return isTaken;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Waits until there may be a record.</summary>
    /// <param name="timeout">How long at most; null for ever.</param>
    /// <returns>False if none came in time.</returns>
    /// <exception cref="KbusException">ENODEV: the bus has ended, or <see cref="HangUp"/> was called, and all records have been
    /// taken.</exception>
    /// <exception cref="ObjectDisposedException">The watcher has been disposed of.</exception>
    internal bool WaitForRecord(TimeSpan? timeout)
    {
        Enter();
        try
        {
            return WaitForRecord(Deadline.After(timeout ?? Timeout.InfiniteTimeSpan));
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Ends the watching from now on. What the bus has written until then can still be taken. Any thread may call.</summary>
    internal void HangUp()
    {
        if (TryEnter())
        {
            _ = LibC.Shutdown(_socket.Number);
            Leave();
        }
    }

    private bool WaitForRecord(in Deadline deadline)
    {
        if (!TryPrepareWait())
        {
            return true;
        }

        WaitOutcome outcome = _doorbell.Wait(deadline);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return outcome != WaitOutcome.TimedOut || _ring.HasRecord;
    }

    private bool TryTakeRecord(out uint kind)
    {
        _record.ResetWrittenCount();
        DeliveryLook look = _ring.TryTakeInto(_record, out _, out kind);
        return look == DeliveryLook.Malformed
            ? throw new KbusException(Errno.EPROTO, $"What bus {Bus} wrote for its watcher makes no sense.")
            : look == DeliveryLook.Record;
    }
}
