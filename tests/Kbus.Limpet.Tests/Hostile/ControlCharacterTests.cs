using System.Text;
using Kbus.Core;

namespace Kbus.Limpets.Tests;

/// <summary>What a peer says stood in the log as it came: it could clear a terminal, and forge lines.</summary>
public sealed class ControlCharacterTests
{
    private const string Nasty = "\x1b[2J\nerror: forged\x9b";
    private const string Shown = @"\x1b[2J\x0aerror: forged\x9b";

    [Fact]
    public void A_name_of_a_replier_that_none_can_have_is_told_in_printable_characters()
    {
        using var bowls = new Bowls(1);
        (Limpet limpet, RawPeer peer) = bowls.Attach(bowls.Options(0, 1) with { AllowOut = ["$.Good", "$.Bad.*"] }, 2);
        using (limpet)
        using (peer)
        {
            peer.TellBind($"$.Bad.{Nasty}");
            peer.TellBind($"$.Other.{Nasty}");
            peer.TellBind("$.Good");
            bowls.AwaitReplier(0, "$.Good");
            bowls.AwaitTold($"Not bound to $.Bad.{Shown} as replier: EBADMSG.");
            bowls.AwaitTold($"Not bound to $.Other.{Shown} as replier: messages of that name may not leave this bus.");
            Assert.DoesNotContain(bowls.Told, t => t.Any(char.IsControl));
        }
    }

    [Fact]
    public void The_reason_of_a_server_is_told_in_printable_characters()
    {
        byte[] refusal = Refusal.Of("\x1b[2J\nerror: forged\u009b", isForGood: true);
        LimpetException told = Refusal.Read(refusal.AsSpan(0, Greeting.Length), new MemoryStream(refusal, Greeting.Length, refusal.Length - Greeting.Length));
        Assert.Equal("The server sent this Limpet away: \"\\x1b[2J\\x0aerror: forged\\xc2\\x9b\"", told.Message);
        byte[] broken = [.. Encoding.ASCII.GetBytes("REFU"), 0, 0, 0, 2, 0xff, (byte)'a'];
        Assert.Contains("\"\\xffa\"", Refusal.Read(broken.AsSpan(0, 8), new MemoryStream(broken, 8, 2)).Message, StringComparison.Ordinal);
    }
}
