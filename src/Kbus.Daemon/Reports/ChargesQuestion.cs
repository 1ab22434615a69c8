using Kbus.Core;
using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>Has a bus's thread take down who holds how much on the bus.</summary>
internal sealed class ChargesQuestion(IReadOnlyList<ChargeKind> kinds) : BusWork, IDisposable
{
    private readonly ManualResetEventSlim _isReady = new();
    private ChargesSnapshot? _snapshot;
    private bool _isDisposed;

    /// <summary>What was taken down; null if the bus did not answer in time, or has ended.</summary>
    public ChargesSnapshot? Answer(Deadline deadline)
    {
        _ = _isReady.Wait((int)Math.Clamp(deadline.Nanoseconds / 1_000_000, 0, int.MaxValue));
        return Volatile.Read(ref _snapshot);
    }

    /// <inheritdoc/>
    public override void CarryOut(BusThread bus)
    {
        Volatile.Write(ref _snapshot, new ChargesSnapshot(bus.Bus.Charges, kinds));
        Abandon();
    }

    /// <inheritdoc/>
    public override void Abandon()
    {
        lock (_isReady)
        {
            if (!_isDisposed)
            {
                _isReady.Set();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_isReady)
        {
            _isDisposed = true;
            _isReady.Dispose();
        }
    }
}
