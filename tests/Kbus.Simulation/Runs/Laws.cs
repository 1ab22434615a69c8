using Kbus.Policy;

namespace Kbus.Simulation;

/// <summary>The policies of a run, one after the other, and from when to when each may have been in force.</summary>
internal sealed class Laws
{
    private readonly List<Era> _eras = [];

    /// <summary>True if there is a policy.</summary>
    public bool Exist => _eras.Count > 0;

    /// <summary>The latest policy.</summary>
    public Lawgiver Latest => _eras[^1].By;

    /// <summary>True while a policy comes into force, and has not done so everywhere.</summary>
    public bool AreChanging => Exist && _eras[^1].Ended == Sending.Never;

    /// <summary>When the latest policy was in force everywhere.</summary>
    public long LatestSince => Exist ? _eras[^1].Ended : 0;

    /// <summary>A policy begins to come into force.</summary>
    public void Begin(Lawgiver by, long now) => _eras.Add(new Era(by, now) { Ended = now == 0 ? 0 : Sending.Never });

    /// <summary>The latest policy is in force everywhere.</summary>
    public void IsInForce(long now) => _eras[^1].Ended = now;

    /// <summary>True if somebody surely could do something during all of that time, as far as the policy goes.</summary>
    public bool SurelyMay(long from, long until, Func<Lawgiver, bool> may) => !Exist || InForce(from, until).All(e => may(e.By));

    /// <summary>True if somebody may have been able to do something at some moment of that time, as far as the policy goes.</summary>
    public bool MightMay(long from, long until, Func<Lawgiver, bool> may) => !Exist || InForce(from, until).Any(e => may(e.By));

    /// <summary>From when on what a policy does not let be may have been ended, if one did not let it be; never otherwise.</summary>
    /// <param name="since">When it was begun.</param>
    /// <param name="may">Whether a policy lets it be.</param>
    public long EndedFrom(long since, Func<Lawgiver, bool> may)
    {
        Era? era = _eras.Find(e => e.Ended >= since && !may(e.By));
        return era is null ? Sending.Never : Math.Max(since, era.Begun);
    }

    private IEnumerable<Era> InForce(long from, long until)
    {
        for (int i = 0; i < _eras.Count; i++)
        {
            bool isReplacedBefore = i + 1 < _eras.Count && _eras[i + 1].Ended < from;
            if (_eras[i].Begun <= until && !isReplacedBefore)
            {
                yield return _eras[i];
            }
        }
    }

    private sealed class Era(Lawgiver by, long begun)
    {
        public Lawgiver By => by;

        public long Begun => begun;

        public long Ended { get; set; }
    }
}
