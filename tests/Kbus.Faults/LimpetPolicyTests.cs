namespace Kbus.Faults;

/// <summary>A Limpet of a user to whom the policy denies names brings nothing past it, whoever sends on the other bus.</summary>
public sealed class LimpetPolicyTests
{
    private const string User = "54321";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    [Fact]
    public Task What_the_policy_denies_a_Limpet_is_denied_to_all_beyond_it() => Limited.Run(_ =>
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root can become another user");
        string policy = Path.GetTempFileName();
        File.WriteAllText(policy, $$"""
            { "rules": [
              { "allow": "0", "everything": true },
              { "allow": "{{User}}", "open": ["read", "write"], "limpet": true, "settings": "REPORTREPLIERBINDS", "listen": "$.*", "send": "$.Open.*", "reply": "$.Beyond.*" }
            ] }
            """);
        string address = Path.Join(Path.GetTempPath(), $"kbus-limpet-{Guid.NewGuid():N}");
        using DaemonProcess near = DaemonProcess.Start();
        using DaemonProcess far = DaemonProcess.Start("--policy", policy);
        File.Delete(policy);
        foreach (DaemonProcess daemon in (DaemonProcess[])[near, far])
        {
            File.SetUnixFileMode(daemon.Directory, (UnixFileMode)0x1ED);
        }

        using Ksock secret = ActorProgram.Open(far.Directory);
        secret.Bind("$.Secret", replier: true);
        secret.Bind("$.*");
        using Ksock door = ActorProgram.Open(far.Directory);
        door.Bind("$.Open.Door", replier: true);
        using Ksock stranger = ActorProgram.Open(near.Directory);
        stranger.Bind("$.Secret.Squat", replier: true);
        stranger.Bind("$.Beyond.Squat", replier: true);
        using Actor server = Limpet(near, "server", address, "1").Ready();
        using Actor client = Limpet(far, "client", address, "2").Ready();
        Until.True(() => stranger.FindReplierFor("$.Secret") is not null && stranger.FindReplierFor("$.Open.Door") is not null, () => "the Limpets do not stand in");
        Until.True(() => secret.FindReplierFor("$.Beyond.Squat") is not null, () => "the Limpet does not stand in where it may");
        Assert.Null(secret.FindReplierFor("$.Secret.Squat"));

        MessageId asked = stranger.Send(new Request("$.Secret"));
        Message refused = stranger.WaitForMessage(Patience)!;
        Assert.Equal((asked, "$.KBUS.RemoteError.EPERM"), (refused.InReplyTo, refused.Name));
        stranger.Send(new Announcement("$.Secret", "not to be heard"));
        stranger.Send(new Announcement("$.Open", "not below it"));

        // All comes in order: when this has come, so would have the others.
        MessageId opened = stranger.Send(new Request("$.Open.Door"));
        Message request = door.WaitForMessage(Patience)!;
        door.Send(Message.ReplyTo(request, "open"));
        Message answer = stranger.WaitForMessage(Patience)!;
        Assert.Equal((opened, "open"), (answer.InReplyTo, answer.DataAsText));
        var heard = new List<string>();
        while (secret.ReadNextMessage() is { } message)
        {
            heard.Add(message.Name);
        }

        Assert.DoesNotContain("$.Secret", heard);
        Assert.DoesNotContain("$.Open", heard);
        Assert.Contains("$.Open.Door", heard);
        File.Delete(address);
    });

    private static Actor Limpet(DaemonProcess daemon, string role, string address, string id) => Actor.StartThrough(
        ["setpriv", "--reuid", User, "--regid", User, "--clear-groups"], "limpet", daemon.Directory, role, address, id);
}
