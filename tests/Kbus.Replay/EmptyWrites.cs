namespace Kbus.Replay;

/// <summary>Picks out what a host cannot play on which a write of no bytes never reaches the bus (D21).</summary>
/// <remarks>
/// That is the write itself, and a SEND of a message that has nothing but such writes. It follows the recording: a message that has
/// bytes is sent as any other, whether a write of no bytes came before them or after them.
/// </remarks>
internal sealed class EmptyWrites
{
    // By handle: whether the message under construction has bytes. A handle that is not here has no message under construction.
    private readonly Dictionary<int, bool> _hasBytes = [];

    /// <summary>Follows the next operation of the trace.</summary>
    /// <returns>True if it cannot be played.</returns>
    public bool LeavesOut(TraceOperation operation)
    {
        switch (operation.Name)
        {
            case "write_raw" when operation.Text("hex").Length == 0:
                if (operation.Succeeded)
                {
                    _hasBytes.TryAdd(operation.Handle, false);
                }

                return true;
            case "write_raw" or "write_msg" or "write_pointy":
                Write(operation);
                return false;
            case "send":
                return _hasBytes.Remove(operation.Handle, out bool hasBytes) && !hasBytes;
            case "discard" or "close":
                _hasBytes.Remove(operation.Handle);
                return false;
            default:
                return false;
        }
    }

    private void Write(TraceOperation operation)
    {
        if (operation.Succeeded)
        {
            _hasBytes[operation.Handle] = true;
        }
        else if (operation.Error is not nameof(Errno.EALREADY) and not nameof(Errno.EBADF))
        {
            // A refused write throws away all that was written before.
            _hasBytes.Remove(operation.Handle);
        }
    }
}
