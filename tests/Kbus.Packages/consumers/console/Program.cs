using Kbus;

using Ksock replier = Ksock.Open(0);
replier.Bind("$.Greet", replier: true);
using Ksock asker = Ksock.Open(0);
Task<Reply> asked = asker.AskAsync("$.Greet", "world");
replier.Send(Message.ReplyTo(replier.WaitForMessage()!, "hello"));
Console.WriteLine(await asked);
