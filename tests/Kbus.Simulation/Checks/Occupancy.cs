using Kbus.Core;

namespace Kbus.Simulation;

/// <summary>What stood in one member's queue, and which places answers held there, from when to when.</summary>
internal sealed class Occupancy
{
    private readonly List<Place> _places = [];
    private readonly bool _isUnknown;

    /// <summary>Works it out.</summary>
    /// <param name="member">Whose queue.</param>
    /// <param name="sendings">What was sent on the bus, also by those who wrote nonsense later.</param>
    public Occupancy(Member member, IEnumerable<Sending> sendings)
    {
        _isUnknown = member.Bounds.Exists(b => b.WasUnbound && b.Matches(Judgement.EventName));
        var answers = new HashSet<Sending>();
        foreach (Receipt receipt in member.Receipts)
        {
            // The first copy of a reply has the place that was reserved for it. Others came by bindings to its name.
            Sending? of = receipt.Sending;
            bool hasReservedPlace = receipt.IsOwnAnswer && (of is null || answers.Add(of));
            bool isSure = of is { Fate: Fate.Sent };
            _places.Add(new Place
            {
                Of = of,
                MayFrom = of?.From ?? 0,
                MayTo = receipt.Time,
                SureFrom = isSure ? of!.Until : Sending.Never,
                SureTo = receipt.Time,
                Bytes = receipt.EntireLength,
                BytesTo = receipt.HeldUntil,
                ChargedTo = Math.Max(receipt.HeldUntil, receipt.ObservedBy),
                SureBytesTo = Math.Min(receipt.HeldSurelyUntil, member.LeavesFrom),
                IsCounted = !hasReservedPlace,
                IsOnLane = receipt.Tag != 0,
                MayHaveBeenOnLane = receipt.IsOwnAnswer && member.Sendings.Exists(s => s.IsAwaited && (s.Id.IsNone || s.Id == receipt.Header.InReplyTo)),
            });
        }

        foreach (Sending request in member.Sendings.Where(s => s.IsOwedAnswer))
        {
            AddSlot(member, request);
        }

        // What was taken back with a binding was never seen.
        foreach (Bound bound in member.Bounds.Where(b => b.WasUnbound))
        {
            foreach (Sending sending in sendings.Where(s => s.MayHaveReached && bound.Matches(s.Name) && bound.MayBeThere(s.From, s.Until)))
            {
                _places.Add(new Place
                {
                    Of = sending,
                    MayFrom = sending.From,
                    MayTo = bound.LostBy,
                    SureFrom = Sending.Never,
                    Bytes = sending.EntireLength,
                    BytesTo = bound.LostBy,
                    ChargedTo = bound.LostBy,
                    IsCounted = true,
                });
            }
        }
    }

    /// <summary>The most that may have been there at some moment of that time: places taken or reserved, and bytes.</summary>
    public (long Count, long Bytes) Most(long from, long until, Sending except)
    {
        if (_isUnknown)
        {
            return (long.MaxValue / 2, long.MaxValue / 2);
        }

        long count = 0;
        long bytes = 0;
        foreach (Place place in _places)
        {
            if (place.Of == except || place.MayFrom > until)
            {
                continue;
            }

            count += place.IsCounted && place.MayTo >= from ? 1 : 0;
            bytes += place.BytesTo >= from ? place.Bytes : 0;
        }

        return (count, bytes);
    }

    /// <summary>The most that may have been charged for what is in the queue, or is kept, at some moment of that time.</summary>
    /// <param name="from">From when.</param>
    /// <param name="until">Until when.</param>
    /// <param name="isLookedAt">True if the bus looks at once at what was taken.</param>
    public long MostCharge(long from, long until, bool isLookedAt)
    {
        long charge = 0;
        foreach (Place place in _places.Where(p => !p.IsSlot && p.MayFrom <= until))
        {
            bool mayCount = (isLookedAt ? place.BytesTo : place.ChargedTo) >= from;
            charge += mayCount ? place.Bytes + MessageQueue.BookBytes : 0;
        }

        return charge;
    }

    /// <summary>What was surely there during all of that time: places taken or reserved, and bytes.</summary>
    public (long Count, long Bytes) Least(long from, long until, Sending except)
    {
        long count = 0;
        long bytes = 0;
        foreach (Place place in _places)
        {
            if (place.Of != except && place.SureFrom < from)
            {
                count += place.IsCounted && place.SureTo > until ? 1 : 0;
                bytes += place.SureBytesTo > until ? place.Bytes : 0;
            }
        }

        return (count, bytes);
    }

    /// <summary>How many messages may have waited, and how many surely did, without reserved places and without answers on their
    /// lane.</summary>
    public (long Least, long Most) Waiting(long from, long until)
    {
        long least = 0;
        long most = 0;
        foreach (Place place in _places.Where(p => !p.IsSlot && !p.IsOnLane))
        {
            least += !place.MayHaveBeenOnLane && place.SureFrom < from && place.SureTo > until ? 1 : 0;
            most += place.MayFrom <= until && place.MayTo >= from ? 1 : 0;
        }

        return (least, _isUnknown ? long.MaxValue : most);
    }

    /// <summary>The place that the answer to a Request holds, from the sending on until it is taken.</summary>
    private void AddSlot(Member member, Sending request)
    {
        bool isRepeated = !request.GivenId.IsNone && member.Sendings.Exists(s => s != request && s.GivenId == request.GivenId);
        Receipt? answer = isRepeated ? null : member.Receipts.Find(r => r.IsOwnAnswer && r.Header.InReplyTo == request.Id && !request.Id.IsNone);
        bool mayBeAnswered = request.MayHaveReached || request.Fate == Fate.Waiting;
        bool isSure = request.Fate == Fate.Sent && !isRepeated;
        _places.Add(new Place
        {
            Of = request,
            MayFrom = request.Begun,
            MayTo = mayBeAnswered ? answer?.Time ?? Sending.Never : request.Ended,
            SureFrom = !isSure ? Sending.Never : request.FirstError == Errno.EAGAIN ? request.Answered : request.Until,
            SureTo = answer?.Time ?? member.LeavesFrom,
            BytesTo = -1,
            IsCounted = true,
            IsSlot = true,
        });
    }

    private sealed class Place
    {
        public required Sending? Of { get; init; }

        public required long MayFrom { get; init; }

        public required long MayTo { get; init; }

        public required long SureFrom { get; init; }

        public long SureTo { get; init; }

        public int Bytes { get; init; }

        public long BytesTo { get; init; }

        public long ChargedTo { get; init; }

        public long SureBytesTo { get; init; }

        /// <summary>True for an answer that came on its lane: it is none of the messages that wait.</summary>
        public bool IsOnLane { get; init; }

        /// <summary>True for an answer that may have been on the lane at first.</summary>
        public bool MayHaveBeenOnLane { get; init; }

        public required bool IsCounted { get; init; }

        public bool IsSlot { get; init; }
    }
}
