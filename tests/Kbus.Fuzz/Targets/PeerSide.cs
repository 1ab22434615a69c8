using Kbus.Core;
using Kbus.Limpets;

namespace Kbus.Fuzz;

/// <summary>A bus with a Limpet's Ksock and a member, to which frames of a peer are carried as a Limpet does: by its rules, and announcements by the shorter way if that is wanted.</summary>
internal sealed class PeerSide : IDisposable
{
    private const uint OwnId = 2;
    private const uint PeerId = 7;

    private readonly EmbeddedKbus _bus = new();
    private readonly Ksock _limpet;
    private readonly Ksock _member;
    private readonly LimpetRules _rules;
    private readonly MessageHeader[] _header = new MessageHeader[1];
    private readonly FrameReader _reader;
    private readonly bool _isShort;

    /// <summary>Makes the bus. Its member listens to everything, replies to one name and has sent a Request to the peer.</summary>
    public PeerSide(Stream stream, uint mostData, bool isShort)
    {
        _isShort = isShort;
        _reader = new FrameReader(stream, mostData);
        _limpet = _bus.Open();
        _member = _bus.Open();
        _member.Bind("$.*");
        _member.Bind("$.A", replier: true);
        _rules = new LimpetRules(_limpet, PeerId, new LimpetOptions { NetworkId = OwnId, AllowIn = ["$.A.*", "$.A", "$.B"], Time = new StoppedTime() }, sendProbe: null);
        _rules.Begin(["$.*"]);
    }

    /// <summary>How many frames were read.</summary>
    public int Frames { get; private set; }

    /// <summary>True if what came was no frame.</summary>
    public bool IsConfused { get; private set; }

    /// <summary>Carries all that comes.</summary>
    public void Carry()
    {
        try
        {
            do
            {
                do
                {
                    CarryShortly();
                }
                while (CarryOne());
            }
            while (_reader.Fill());
        }
        catch (WireException)
        {
            IsConfused = true;
        }
    }

    /// <summary>All that the member has got, byte for byte.</summary>
    public List<byte[]> Got()
    {
        List<byte[]> got = [];
        while (_member.Bare.NextMessage(out int length) == Errno.None && length > 0)
        {
            byte[] bytes = new byte[length];
            _ = _member.Bare.Read(bytes, out _);
            got.Add(bytes);
        }

        return got;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rules.Dispose();
        _limpet.Dispose();
        _member.Dispose();
        _bus.Dispose();
    }

    private void CarryShortly()
    {
        if (_isShort)
        {
            var plain = new PlainFrames(_reader, _rules, _header);
            _ = _limpet.Host.SendUnanswered(ref plain);
            Frames += plain.Count;
        }
    }

    private bool CarryOne()
    {
        ref MessageHeader header = ref _header[0];
        if (!_reader.TryRead(ref header))
        {
            return false;
        }

        Frames++;
        Verdict verdict = _rules.FromPeer(ref header, _reader.Name, _reader.Data, out Errno error);
        if (verdict == Verdict.Carry)
        {
            error = _limpet.Submit(header, _reader.Name, _reader.Data, out _);
            if (error == Errno.EAGAIN)
            {
                _limpet.Discard();
            }
        }

        if (error != Errno.None && LimpetRules.MustBeAnswered(header))
        {
            byte[] name = LimpetRules.AnswerTo(header, error, out MessageHeader answer);
            var frames = new FrameWriter();
            frames.Add(answer, name, default);
        }

        return true;
    }
}
