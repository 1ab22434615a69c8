using Kbus.Core;

namespace Kbus.Daemon;

/// <summary>Has a bus's thread take down who holds how much on the bus, a bounded share at a time: some Ksocks with their processes and users.</summary>
/// <remarks>Each page is true of its moment. What a process holds is taken down with the first of its Ksocks.</remarks>
/// <param name="place">Where the report has got to.</param>
/// <param name="filled">Called when it has been taken down, or will never be; from any thread.</param>
internal sealed class ChargesQuestion(ChargesPlace<KsockState> place, Action<ReportPiece> filled) : ReportPiece(filled)
{
    private const int MostKsocks = 100;

    /// <summary>The processes that have come up for the first time, and what each holds.</summary>
    public List<ChargesRow> Processes { get; } = [];

    /// <summary>The users of these processes that have come up for the first time.</summary>
    public List<ChargesRow> Users { get; } = [];

    /// <summary>How much there may be in all.</summary>
    public ChargeAmounts Limits;

    /// <summary>How much is held in all.</summary>
    public ChargeAmounts Held;

    /// <summary>Whether nothing comes after this.</summary>
    public bool IsLast { get; private set; }

    /// <inheritdoc/>
    public override BusWork? Release() => IsAbandoned || IsLast ? null : new ChargesRelease(place);

    /// <inheritdoc/>
    protected override void Fill(BusThread bus)
    {
        ChargeBook book = bus.Bus.Charges;
        foreach (ChargeKind kind in ChargesRow.OfBus)
        {
            Limits[(int)kind] = book.LimitOf(kind);
            Held[(int)kind] = book.HeldOf(kind);
        }

        place.Enter(bus.Bus.KsocksByAge);
        for (int looks = 0; looks < MostKsocks && !IsLast; looks++)
        {
            IsLast = !place.TryNext(out ProcessCharges? process, out UserCharges? user);
            if (process is not null)
            {
                Processes.Add(ChargesRow.Of(book, process, ChargesRow.OfBus));
            }

            if (user is not null)
            {
                Users.Add(ChargesRow.Of(book, user, ChargesRow.OfBus));
            }
        }
    }
}
