using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Kbus.Faults;

/// <summary>P2 when the machine at the other end of a link is gone without a word: the kernel notices, the bus answers, and the link is made again.</summary>
public sealed class SilentPeerTests
{
    private const string Name = "$.Far.Replier";
    private const int SilenceSeconds = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    /// <summary>Where no network namespaces may be made, the Limpet of the far machine is killed and started again.</summary>
    [Fact]
    public Task A_request_to_a_machine_that_is_gone_is_answered_and_one_after_its_return_arrives() => Limited.Run(_ =>
    {
        using var near = DaemonProcess.Start();
        using var far = DaemonProcess.Start();
        using TwoHosts? hosts = TwoHosts.TryMake();
        string address = hosts is null ? $"{FreePlace()}" : $"{TwoHosts.FirstAddress}:4321";
        TestContext.Current.TestOutputHelper?.WriteLine(hosts is null ? "without network namespaces" : "with two network namespaces");
        Actor server = Start(hosts?.OnFirst ?? [], far.Directory, "server", address, 1);
        try
        {
            server.Ready();
            using Actor client = Start(hosts?.OnSecond ?? [], near.Directory, "client", address, 2).Ready();
            using Ksock replier = ActorProgram.Open(far.Directory);
            using Ksock requester = ActorProgram.Open(near.Directory);
            replier.Bind(Name, replier: true);
            AwaitReplier(requester, isThere: true);
            MessageId asked = requester.Send(new Request(Name, "never answered"));
            Assert.NotNull(replier.WaitForMessage(Patience));

            if (hosts is not null)
            {
                hosts.Part();
            }
            else
            {
                server.Kill();
            }

            Message? answer = requester.WaitForMessage(Patience);
            Assert.True(answer is not null, "the Request is not answered");
            Assert.Equal((asked, "$.KBUS.Replier.Ignored"), (answer.InReplyTo, answer.Name));
            AwaitReplier(requester, isThere: false);

            if (hosts is not null)
            {
                hosts.Join();
            }
            else
            {
                server.Dispose();
                server = Start([], far.Directory, "server", address, 1).Ready();
            }

            AwaitReplier(requester, isThere: true);
            asked = requester.Send(new Request(Name, "answered"));
            Message? request = replier.WaitForMessage(Patience);
            Assert.Equal("answered", request?.DataAsText);
            replier.Send(Message.ReplyTo(request!, "here"));
            answer = requester.WaitForMessage(Patience);
            Assert.Equal((asked, "here"), (answer?.InReplyTo ?? default, answer?.DataAsText));
            Assert.Equal(0u, requester.NumMessages);
        }
        finally
        {
            server.Dispose();
        }
    });

    private static Actor Start(IReadOnlyList<string> through, string directory, string role, string address, int networkId) => Actor.StartThrough(
        through, "limpet", directory, role, address, networkId.ToString(CultureInfo.InvariantCulture), SilenceSeconds.ToString(CultureInfo.InvariantCulture));

    private static EndPoint FreePlace()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener.LocalEndpoint;
    }

    private static void AwaitReplier(Ksock ksock, bool isThere) => Assert.True(
        SpinWait.SpinUntil(() => ksock.FindReplierFor(Name) is not null == isThere, Patience),
        isThere ? "the replier beyond is not known here" : "the replier beyond is still known here");
}
