using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Kbus.Limpets.Tests;

public sealed class LimpetSecurityTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly Bowls _bowls = new(2);
    private readonly Keys _keys = new();

    public void Dispose()
    {
        _bowls.Dispose();
        _keys.Dispose();
    }

    [Fact]
    public Task Each_side_knows_the_other_by_its_key() => Linked(_keys.One, _keys.Other);

    [Fact]
    public Task Each_side_knows_the_other_by_an_authority() => Linked(ByAuthority(_keys.Certificates.One), ByAuthority(_keys.Certificates.Other));

    [Fact]
    public Task Each_side_knows_the_other_by_an_authority_and_a_name() => Linked(
        ByAuthority(_keys.Certificates.One) with { PeerName = "other.example" },
        ByAuthority(_keys.Certificates.Other) with { PeerName = "one.example" });

    [Fact]
    public Task A_client_with_another_key_is_sent_away() =>
        Refused(_keys.One, _keys.Other with { Certificate = _keys.Signed("CN=stranger", _keys.Authority) });

    [Fact]
    public Task A_server_with_another_key_is_refused() =>
        Refused(_keys.One with { Certificate = _keys.Signed("CN=stranger", _keys.Authority) }, _keys.Other);

    [Fact]
    public Task A_client_that_no_authority_has_signed_is_sent_away() =>
        Refused(ByAuthority(_keys.Certificates.One), ByAuthority(_keys.Signed("CN=stranger", null)));

    [Fact]
    public Task A_server_with_another_name_is_refused() =>
        Refused(ByAuthority(_keys.Certificates.One), ByAuthority(_keys.Certificates.Other) with { PeerName = "third.example" });

    [Fact]
    public Task With_a_key_and_an_authority_both_must_hold() => Refused(
        _keys.One with { Authorities = [_keys.Signed("CN=authority", null)] }, _keys.Other);

    [Fact]
    public async Task Who_speaks_plainly_to_a_protected_server_is_sent_away()
    {
        await using Served server = await Served.At(Served.NewPath(), _bowls.Options(0, 1), _keys.One);
        await Assert.ThrowsAsync<LimpetException>(() => new LimpetClient(server.Address, _bowls.Options(1, 2)).RunAsync(isOnce: true));
        _bowls.AwaitTold("was sent away");
    }

    /// <summary>They all read alike, and the key that was seen was not said.</summary>
    [Theory]
    [InlineData("pin", "it has the key KEY, which is none of those known here (--tls-pin)")]
    [InlineData("authority", "none of the authorities known here has signed its certificate; its issuer is CN=second")]
    [InlineData("name", "its certificate is for other.example, not for third.example")]
    [InlineData("expired", "its certificate expired on ")]
    [InlineData("early", "its certificate is not valid before ")]
    [InlineData("use", "its certificate is not made for a client (extended key usage)")]
    [InlineData("plain", "This server speaks TLS only, and the client began as a Limpet without TLS (--tls-cert).")]
    [InlineData("noise", "it speaks no TLS; it began with the bytes 47455420")]
    public async Task A_server_tells_the_cause_of_each_failure_of_TLS(string fault, string cause)
    {
        X509Certificate2 shown = fault switch
        {
            "authority" => _keys.Signed("CN=other", _keys.Signed("CN=second", null)),
            "expired" => _keys.Signed("CN=other", _keys.Authority, daysFrom: -3, daysTo: -1),
            "early" => _keys.Signed("CN=other", _keys.Authority, daysFrom: 2),
            "use" => _keys.Signed("CN=other", _keys.Authority, "1.3.6.1.5.5.7.3.1"),
            "pin" => _keys.Signed("CN=other", _keys.Authority),
            _ => _keys.Certificates.Other,
        };
        LimpetSecurity server = fault == "pin" ? _keys.One : ByAuthority(_keys.Certificates.One) with { PeerName = fault == "name" ? "third.example" : null };
        await using Served served = await Served.At(Served.AnyPort(), _bowls.Options(0, 1), server);
        if (fault == "noise")
        {
            await using System.Net.Sockets.NetworkStream stranger = served.Connect();
            stranger.Write("GET / HTTP/1.0\r\n\r\n"u8);
            _bowls.AwaitTold(cause);
            return;
        }

        LimpetSecurity client = fault == "plain" ? Served.Plain : ByAuthority(shown);
        LimpetException refused = await Assert.ThrowsAsync<LimpetException>(() => new LimpetClient(served.Address, _bowls.Options(1, 2), client).RunAsync(isOnce: true));
        _bowls.AwaitTold(cause.Replace("KEY", LimpetSecurity.KeyOf(shown), StringComparison.Ordinal));
        Assert.Equal(fault == "plain", refused.IsRefused);
    }

    [Theory]
    [InlineData("pin", "it has the key KEY, which is none of those known here (--tls-pin)")]
    [InlineData("name", "its certificate is for one.example, not for third.example")]
    [InlineData("use", "its certificate is not made for a server (extended key usage)")]
    [InlineData("plain", "it closed the connection before it said anything; it may speak no TLS")]
    public async Task A_client_tells_the_cause_of_each_failure_of_TLS(string fault, string cause)
    {
        X509Certificate2 shown = _keys.Signed("CN=one", _keys.Authority, fault == "use" ? "1.3.6.1.5.5.7.3.2" : null);
        LimpetSecurity client = fault == "pin" ? _keys.Other : ByAuthority(_keys.Certificates.Other) with { PeerName = fault == "name" ? "third.example" : null };
        await using Served served = await Served.At(Served.AnyPort(), _bowls.Options(0, 1), fault == "plain" ? null : ByAuthority(shown));
        LimpetException refused = await Assert.ThrowsAsync<LimpetException>(() => new LimpetClient(served.Address, _bowls.Options(1, 2), client).RunAsync(isOnce: true));
        Assert.Contains(cause.Replace("KEY", LimpetSecurity.KeyOf(shown), StringComparison.Ordinal), refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2")]
    public Task A_certificate_that_is_made_for_its_side_is_taken(string ofServer, string ofClient) => Linked(
        ByAuthority(_keys.Signed("CN=one", _keys.Authority, ofServer)), ByAuthority(_keys.Signed("CN=other", _keys.Authority, ofClient)));

    /// <summary>A plain server on a loopback address opened a bus whose directory is its user's alone to every user.</summary>
    [Theory]
    [InlineData("127.0.0.1", "", false)]
    [InlineData("127.0.0.1", "loopback", true)]
    [InlineData("::1", "", false)]
    [InlineData("::1", "loopback", true)]
    [InlineData("::1", "all", true)]
    [InlineData("192.0.2.1", "", false)]
    [InlineData("192.0.2.1", "loopback", false)]
    [InlineData("0.0.0.0", "loopback", false)]
    [InlineData("192.0.2.1", "all", true)]
    public void Plain_messages_go_where_others_could_send_or_read_them_only_when_asked_for(string host, string allowed, bool mayBe)
    {
        List<string> told = [];
        var place = new IPEndPoint(IPAddress.Parse(host), 1);
        var security = new LimpetSecurity { AllowPlainLoopback = allowed == "loopback", AllowPlain = allowed == "all" };
        if (mayBe)
        {
            security.CheckPlace(place, (_, sentence) => told.Add(sentence));
            Assert.Equal(allowed == "all" ? 1 : 0, told.Count(t => t.StartsWith("Warning", StringComparison.Ordinal)));
        }
        else
        {
            Assert.True(Assert.Throws<LimpetException>(() => security.CheckPlace(place, (_, sentence) => told.Add(sentence))).IsPeersFault);
        }
    }

    [Fact]
    public void What_cannot_be_meant_is_refused()
    {
        using var bare = X509CertificateLoader.LoadCertificate(_keys.Certificates.One.RawData);
        Assert.Throws<ArgumentException>(() => (_keys.One with { Certificate = bare }).Check());
        Assert.Throws<ArgumentException>(() => new LimpetSecurity { Certificate = _keys.Certificates.One }.Check());
        Assert.Throws<ArgumentException>(() => (_keys.One with { PeerKeys = ["12"] }).Check());
        new LimpetSecurity().Check();
    }

    private LimpetSecurity ByAuthority(X509Certificate2 own) => new() { Certificate = own, Authorities = [_keys.Authority] };

    private async Task Linked(LimpetSecurity server, LimpetSecurity client)
    {
        await using Served served = await Served.At(Served.AnyPort(), _bowls.Options(0, 1), server);
        using var stop = new CancellationTokenSource();
        Task<LimpetEnding> running = new LimpetClient(served.Address, _bowls.Options(1, 2), client).RunAsync(cancellationToken: stop.Token);
        Ksock replier = _bowls.Bound(1, "$.Secret", replier: true);
        _bowls.AwaitReplier(0, "$.Secret");
        Ksock requester = _bowls.Open(0);
        byte[] data = new byte[300_000];
        new Random(1).NextBytes(data);
        for (int i = 0; i < 20; i++)
        {
            requester.Send(new Request("$.Secret", data));
            replier.Send(Message.ReplyTo(Bowls.Next(replier), data));
            Assert.True(Bowls.Next(requester).Data.Span.SequenceEqual(data));
        }

        await stop.CancelAsync();
        Assert.Equal(LimpetEndingKind.Stopped, (await running.WaitAsync(Limit, TestContext.Current.CancellationToken)).Kind);
    }

    private async Task Refused(LimpetSecurity server, LimpetSecurity client)
    {
        await using Served served = await Served.At(Served.AnyPort(), _bowls.Options(0, 1), server);

        // With TLS 1.3 the client learns only after its own handshake that the server does not want it. Even so it is not connected.
        await Assert.ThrowsAsync<LimpetException>(() => new LimpetClient(served.Address, _bowls.Options(1, 2), client).RunAsync(isOnce: true));
        Assert.DoesNotContain(_bowls.Told, t => t.StartsWith("Connected", StringComparison.Ordinal));
    }
}
