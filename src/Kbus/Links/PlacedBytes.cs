using Kbus.Link;

namespace Kbus.Links;

/// <summary>The data of one placed message, read where the bus put them; then those of another.</summary>
internal sealed class PlacedBytes : BorrowedData
{
    private Inbox? _inbox;
    private PayloadView? _view;
    private long _offset;
    private int _length;

    /// <summary>Its number among the placed messages that were taken, from 1.</summary>
    public ulong Number { get; set; }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Bytes => _view!.TryGet(_offset, _length, out ReadOnlySpan<byte> bytes) ? bytes : default;

    /// <summary>Makes it the data of a message.</summary>
    /// <param name="inbox">Who has taken it.</param>
    /// <param name="view">The payload area.</param>
    /// <param name="offset">Where the data lie in it.</param>
    /// <param name="length">Their bytes.</param>
    public void Lend(Inbox inbox, PayloadView view, long offset, int length) => (_inbox, _view, _offset, _length) = (inbox, view, offset, length);

    /// <inheritdoc/>
    public override void Release()
    {
        Inbox inbox = _inbox!;
        (_inbox, _view) = (null, null);
        inbox.GiveBack(Number);
    }
}
