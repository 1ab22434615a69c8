using Kbus.Cli;
using Kbus.Limpets;
using Kbus.Policy;

namespace Kbus.Fuzz;

/// <summary>The file of a Limpet server with many peers. One that is accepted can be served, and says the same when it is read again.</summary>
internal sealed class LimpetFileTarget : Target
{
    /// <inheritdoc/>
    public override string Name => "limpet-file";

    /// <inheritdoc/>
    public override string About => "files of Limpet servers with many peers";

    /// <inheritdoc/>
    public override void Play(ReadOnlySpan<byte> input)
    {
        LimpetFile file;
        try
        {
            file = LimpetFile.Parse("l.json", input, new LimpetOptions(), new FixedAccounts());
        }
        catch (PolicyException)
        {
            return;
        }

        LimpetFile again = LimpetFile.Parse("l.json", input, new LimpetOptions(), new FixedAccounts());
        Expect(file.Peers.Count == again.Peers.Count && file.NetworkId == again.NetworkId, "a file that is read again says something else");
        Expect(file.NetworkId != 0, "this side has no network id");
        foreach ((LimpetPeer peer, LimpetPeer same) in file.Peers.Zip(again.Peers))
        {
            Expect(peer.IsSameAs(same), "a peer that is read again is another");
            Expect(peer.NetworkId != 0 && peer.NetworkId != file.NetworkId, "a peer has no network id of its own");
            Expect(peer.Options.PeerNetworks is not null, "a peer may use any network id");
            Expect(peer.Keys.Count + peer.Users.Count + peer.Addresses.Count > 0 || peer.CertificateName is not null, "nobody can be a peer, or anybody");
            peer.Options.Check();
        }
    }
}
