namespace Kbus.Core;

internal sealed partial class Bus
{
    /// <summary>Another policy counts for a message that waits for room.</summary>
    /// <param name="sender">Whose message waits.</param>
    /// <param name="isForRequesterAlone">True if it is a Reply that reaches no listener, because its sender may not send its name.</param>
    /// <param name="isForbidden">True if it may not be sent any more: the next attempt gives EPERM. Its sender is woken for that.</param>
    public override void JudgeWaiting(KsockState sender, bool isForRequesterAlone, bool isForbidden)
    {
        StoredMessage message = sender.Waiting!;
        message.IsForRequesterAlone = isForRequesterAlone;
        message.IsForbidden = isForbidden;
        if (isForbidden)
        {
            sender.Carrier.RetryWorthwhile();
        }
    }
}
